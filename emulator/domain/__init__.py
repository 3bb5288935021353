"""Testlify's rules: events, lifecycles, subjects, payloads. Pure: no I/O, no clock, no loop."""
