"""Migrating forwards and backwards, from an empty and from a filled database, on every database."""
