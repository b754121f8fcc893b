"""Makes a site of the documents: both languages, with what a site needs beyond Sphinx. No page's text lives here."""
