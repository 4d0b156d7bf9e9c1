"""The hands of one host: ledger, diff, ensure and remove, observe, report.

Knows plans and contracts; never doors, never the store.
"""
