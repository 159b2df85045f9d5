"""The quota ledger: posting entries, and what they add up to.

`posting` takes entries by the numbers that people know and writes them, all or none; `balances` reads
accounts; `taking_in` makes entries of the rows of a file. The invariants are kept by the database
(`store.programs.ledger`), not here. Must not know HTTP or files.
"""
