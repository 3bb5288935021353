"""Fuzzing a consumer with changed payloads and random sequences; failures are shrunk and saved.

Hypothesis and Schemathesis are imported when used. Presentation of findings is not part of it.
"""
