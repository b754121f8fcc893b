"""Adapters to other packages, imported only when they are used."""
