"""A package with a model that no site of the tests has in INSTALLED_APPS, such as one for the keys of API callers."""
