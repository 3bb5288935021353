"""Reports of results; each format is a module that `formats` lists. No verdict is made here."""
