"""Captured deliveries of the real service: saved, read, sent again, compared, learned from."""
