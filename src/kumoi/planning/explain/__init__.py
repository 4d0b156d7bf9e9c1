"""What becomes of a packet: a walk through what stands on a host, hop by hop, to where it arrives or ends, and why.

`walk` is the way in; `rules` reads the kernel's filter rules, `groups` what was wished of them, `routes` the routes.
Pure.
"""
