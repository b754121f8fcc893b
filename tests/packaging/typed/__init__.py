"""A site that says what types it expects of the package. ``test_types`` has mypy and pyright judge it, on the wheel."""
