"""What a restructuring must not change, written down: addresses, permissions, tables, checks, settings, names.

Each file beside this one is compared with what the code says now. A change that is meant is written down anew with
``python -m tests.golden``, and is then seen in the commit.
"""
