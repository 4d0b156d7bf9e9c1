"""Doors of instances: run, power, delete, read."""
