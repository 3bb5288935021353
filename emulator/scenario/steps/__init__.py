"""The steps of a scenario, one small class each; never how a file is read."""
