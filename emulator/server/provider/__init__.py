"""Testlify's own API, emulated; never a call of ours."""
