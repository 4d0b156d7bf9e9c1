"""Networks drawn with the Linux kernel: bridges, filter, NAT, DHCP, DNS, metadata, shaping."""
