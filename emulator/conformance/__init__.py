"""Grading a consumer: checks, one family a file, what it claims, and what it shows of its state.

Nothing here knows how a result is shown; that is the reports' business.
"""
