"""Adapters to other packages. Each imports its host only when it is used."""
