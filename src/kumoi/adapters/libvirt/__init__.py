"""Guests by libvirt and QEMU: specifications to domain XML, and back from what is seen."""
