"""Measurements, side by side; one a file, each a function from a scale to rows. Never tests."""
