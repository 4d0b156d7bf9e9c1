"""Placement 1.x: what hosts and clients offer, and who holds of it."""
