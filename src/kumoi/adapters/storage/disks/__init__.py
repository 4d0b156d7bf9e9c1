"""Disks as other hypervisors write them, read without trusting them: where their blocks lie, and a qcow2 of these.

Pure: bytes come by a `ReadAt`. What does not belong here: opening files, limits on this process (confinement).
"""
