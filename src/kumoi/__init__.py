"""Kumoi: a private cloud that speaks the OpenStack and the AWS APIs over one core.

Rooms, from the top; imports point down only (import-linter checks it):
cmd, then api | control | agent | adapters | ops, then app, runtime, contracts, planning, core.
"""

__version__ = "0.1.0"
