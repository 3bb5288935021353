"""Builds payloads from occurrences, one module per generation; never delivers them."""
