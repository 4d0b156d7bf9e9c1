"""The tongues: what the cloud says to OpenStack clients, AWS clients, browsers and agents.

A file here holds routes, parsing, one door, rendering, and no decision.
"""
