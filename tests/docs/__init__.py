"""The documents say what is true: snippets run, tables are compared with the code, links lead somewhere."""
