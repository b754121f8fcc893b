"""What the law on personal information (PIPL) asks of the record: rows and texts end, and a person can leave it."""
