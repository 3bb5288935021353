"""The command line, one file a verb; thin, and never a rule of Testlify."""
