"""Doors of hosts: the link's verbs, and what operators ask about hosts."""
