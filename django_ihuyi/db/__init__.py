"""SQL statements for which the ORM is too slow."""
