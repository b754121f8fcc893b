"""The adapters, each with its real host."""
