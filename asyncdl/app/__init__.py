"""The composition root: from settings to the objects of a run, and their orderly end."""
