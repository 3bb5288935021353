"""Exit codes of runs; errors have their own. ``--help`` explains them."""

FAILED, NO_EVIDENCE, BUG, INTERRUPTED = 1, 2, 3, 130
