"""The service over HTTP: OGC API Features, questions, imports, and pages for people.

Reads requests into queries and hands on what the store wrote. Must not know SQL.
"""
