"""The doors: one use case is one function and one transaction.

The only place of authorisation and quota. No HTTP, no XML, no SQL.
"""
