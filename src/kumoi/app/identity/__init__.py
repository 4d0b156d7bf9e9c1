"""Doors of identity: who calls, tokens, projects, users, roles, access keys, and the first bootstrap."""
