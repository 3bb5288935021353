"""Scenario files: read, checked, run; never the presentation of a result."""
