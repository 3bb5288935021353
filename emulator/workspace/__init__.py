"""The tenant: its state, fold, commands, timers and queries; never HTTP."""
