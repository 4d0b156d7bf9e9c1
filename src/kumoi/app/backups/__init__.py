"""Doors of volume backups."""
