"""The example site's pages and models, run by ``test_site.py`` with the example's own settings."""
