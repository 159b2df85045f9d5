"""What was: the versions of a feature, and the list of all changes."""
