"""Edits over HTTP: one feature (OGC API – Features, Part 4), or a batch in one transaction."""
