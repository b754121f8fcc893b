"""What docs/threat-model.md claims of secrets that leak and of a database that is read, and no other test holds."""
