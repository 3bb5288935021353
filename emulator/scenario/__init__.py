"""Scenario files: read, checked, run; never how a result is shown."""
