"""Export of a list as CSV or XLSX: the files, the rows, and the pages."""
