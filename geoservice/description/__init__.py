"""What things are: collections, code lists, questions. Pure data, which every part reads.

Must not know a database, a web framework or a file format.
"""
