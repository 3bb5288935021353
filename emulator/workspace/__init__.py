"""The tenant: its state, the fold that makes it, its commands, timers and views; never HTTP."""
