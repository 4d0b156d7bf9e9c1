"""Doors of images: register, fill, look, change, delete."""
