"""guestd: the one process that hears guests. It has no privilege, no secret but what it tells, and no way to the store.

It answers DHCP, DNS and metadata requests on sockets that the agent opened inside the networks' namespaces and handed
over, from what the agent published. Whatever a guest sends, the others are answered.
"""
