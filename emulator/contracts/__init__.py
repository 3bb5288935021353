"""Schemas, and the violations of a payload against them; never the origin of a payload."""
