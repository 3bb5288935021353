"""The steps of a scenario, one small class each; never the reading of files."""
