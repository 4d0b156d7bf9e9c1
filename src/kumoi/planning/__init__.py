"""Decisions: a snapshot in, a list of changes out. Pure, as core is."""
