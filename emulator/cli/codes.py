"""The exit codes that are no error's own; ``--help`` tells what each means."""

FAILED, BUG, INTERRUPTED = 1, 3, 130
