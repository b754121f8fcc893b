"""The documents. What makes a site of them is in ``builder``; ``python -m docs.builder`` builds it."""
