"""A simulated SMS bombing of a site with honest users among the bots; run it with ``python -m tests.attack``."""
