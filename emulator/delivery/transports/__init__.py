"""Transports, which send a planned attempt and return its outcome; never when or why."""
