"""The one-stop check of one place."""
