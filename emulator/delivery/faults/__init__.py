"""The faults, a module each: its settings, its effect, its documentation and its example."""
