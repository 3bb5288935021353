"""Schemas, and the violations of a payload against them; an overlay also shapes payloads."""
