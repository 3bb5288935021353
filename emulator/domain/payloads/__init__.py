"""Occurrence and event type to payload, one module a generation; never delivery."""
