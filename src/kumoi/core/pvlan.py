"""Private VLANs: on such a network a nic's role says whose frames reach it, whatever its security groups allow. Pure.

Everybody talks with the promiscuous (routers and the network's services are); isolated ones with nobody else;
those of a community with each other.
"""

import re
from typing import Final, Literal

from kumoi.core.errors import Invalid

Role = Literal["", "promiscuous", "isolated", "community"]
_NAME: Final = re.compile("[a-zA-Z][a-zA-Z0-9_-]{0,62}")


def checked(role: Role, community: str, *, private: bool) -> tuple[Role, str]:
    """The role of a nic and its community, on a network that is private or is not. Raises Invalid."""
    if not private:
        if role or community:
            raise Invalid("network", field="pvlan_type", reason="not_private", value=role or community)
        return "", ""
    if role != "community":
        if community:
            raise Invalid("network", field="pvlan_community", reason="not_a_community", value=community)
        return role or "promiscuous", ""
    if _NAME.fullmatch(community) is None:
        raise Invalid("network", field="pvlan_community", reason="pattern", value=community)
    return role, community
