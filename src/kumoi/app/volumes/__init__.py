"""Doors of volumes and of what they are: types, QoS specs, groups, transfers."""
