"""SQL that the ORM is too slow for."""
