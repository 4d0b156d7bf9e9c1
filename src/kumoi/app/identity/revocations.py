"""What was taken back, for other services that read tokens by themselves: out of the events, for as long as any token
lasts that it may concern. The cloud's own services ask about each token instead.
"""

from typing import Final

from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.events import Event
from kumoi.core.policy import allow
from kumoi.core.query import Filter, Order, Query, is_in

ENDS: Final = (
    "token.revoke",
    "user.revoke",
    "user.delete",
    "project.delete",
    "domain.delete",
    "role.unassign",
    "trust.delete",
    "oauth_access.delete",
    "application_credential.delete",
)


def find(house: House, call: Call, since: float = 0.0) -> list[Event]:
    """The oldest first."""
    allow(call, "token.read")
    begin = max(since, call.now - house.rules.token_ttl_s)
    wanted = Query(filters=(is_in("action", ENDS), Filter("at", "ge", begin)), order=(Order("seq"),))
    return house.store.read(lambda tx: tx.events.find(wanted))
