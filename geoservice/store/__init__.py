"""The database: tables from descriptions, statements from queries, changes with their history.

The only folder that knows SQL, beside `questions`, whose statements it runs. Must not know the web.
"""
