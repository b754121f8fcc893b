"""Pushes and Submits at the same time, on real processes: ``python -m tests.load``. Measures; decides nothing."""
