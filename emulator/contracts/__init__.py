"""Schemas and the violations of a payload against them; never where a payload came from."""
