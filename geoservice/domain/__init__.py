"""The subject: collections, code lists and their rules, each with its source. One file, one subject.

Holds what is true of every Chinese city; what is true of one city is data (`datasets/`) or settings.
Must not know a database, a web framework or a file format. Subjects do not import each other.
"""
