"""Fuzzing a consumer: payloads that are changed and sequences that are drawn, shrunk to a file.

Hypothesis and Schemathesis are imported when used; nothing here knows how a finding is shown.
"""
