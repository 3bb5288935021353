"""The append-only record: the envelope, its stores, the live watch; never what an entry means."""
