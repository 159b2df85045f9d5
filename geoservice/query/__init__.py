"""What may be asked of a collection: one object, parsed once at a door and passed whole.

Must not know a database or the web.
"""
