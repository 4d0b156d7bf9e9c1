"""Volumes exported by iSCSI: an unprivileged tgtd, and the raw views of disks that it cannot read itself."""
