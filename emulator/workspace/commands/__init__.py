"""Commands: functions from a state and arguments to the records to append. Pure.

Each function checks its arguments before it returns records, so that an invalid command changes
nothing. Random choices depend on the counters of the workspace, and are part of the records.
"""
