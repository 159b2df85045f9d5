"""The doors: command line and HTTP. They parse, call, and show; they know no SQL."""
