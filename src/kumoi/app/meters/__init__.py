"""Doors of meters: what hosts measured of guests, and who may see it."""
