"""Placement 1.x, to read: what hosts offer, and what is held of it."""
