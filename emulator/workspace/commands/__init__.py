"""Commands: a state and the arguments give the records to append. Pure.

Each function checks everything before it returns a single record, so a command that is refused
changes nothing. Chance is keyed by the workspace's counters and stands in the records.
"""
