"""Doors of networks, subnets, nics, routers, public addresses and security groups, and the parts other doors build on.

`nics.make_nic`, `plug`, `unplug`, `drop_nic` and `default_group.default_group` run inside a door's own transaction.
"""
