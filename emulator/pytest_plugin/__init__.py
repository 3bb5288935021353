"""The pytest plugin: fixtures, the marker, scenario files as tests; never how things are sent."""
