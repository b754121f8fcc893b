"""The example site without its processes. What needs its user model is in ``site`` and runs with its own settings."""
