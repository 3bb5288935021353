"""Results turned into what people and machines read, one format a file; never a verdict."""
