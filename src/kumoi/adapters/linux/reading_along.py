"""What a router's conntrack reads along: FTP and its like agree on further connections, which are translated then too.
A table of its own, replaced last, so that a kernel that lacks a helper spoils nothing else. Pure.
"""

from collections.abc import Iterable
from typing import Final

from kumoi.core.conntrack_helpers import Helped

TABLE: Final = "kumoi_helpers"


def text(helped: Iterable[Helped]) -> str:
    """One transaction for `nft -f -`. Flows that exist go on as they began."""
    wanted = list(helped)
    head = f"table ip {TABLE}\ndelete table ip {TABLE}\n"
    if not wanted:
        return head
    kinds = sorted({(one.helper, one.protocol) for one in wanted})
    objects = [f'  ct helper {h}_{p} {{ type "{h}" protocol {p}; l3proto ip; }}' for h, p in kinds]
    rules = [f'    {one.protocol} dport {one.port} ct helper set "{one.helper}_{one.protocol}"' for one in wanted]
    # After connections are known, before they are translated.
    chain = ["  chain coming {", "    type filter hook prerouting priority mangle;", *rules, "  }"]
    return head + "\n".join([f"table ip {TABLE} {{", *objects, *chain, "}"]) + "\n"
