"""Disks: files, ZFS, LVM, iSCSI, RBD."""
