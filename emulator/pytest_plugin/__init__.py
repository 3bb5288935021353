"""The pytest plugin: fixtures, the marker, scenario files as tests; never the sending."""
