"""Savers, the files that say which checkpoint is the last, and graphs with all that belongs to them as files."""
