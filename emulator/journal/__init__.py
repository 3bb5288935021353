"""The append-only record: entries, stores and live watching; never the meaning of an entry."""
