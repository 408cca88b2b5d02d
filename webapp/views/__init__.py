"""The pages: thin, all work is done below."""
