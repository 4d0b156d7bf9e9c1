"""Events: what happened, written in the transaction in which it happened (the outbox, the history, the actions
view)."""

import msgspec

from kumoi.core.conditions import Facts


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`seq` is given by the store, rising. `action` such as `instance.create`; kind and resource_id name the thing."""

    id: str
    at: float
    action: str
    kind: str
    resource_id: str
    project_id: str
    user_id: str
    request_id: str
    facts: Facts = msgspec.field(default_factory=dict)
    seq: int = 0


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A key and value on a thing, in a namespace (`metadata` and `tag` are OpenStack's, `aws` EC2's tags)."""

    id: str
    kind: str
    resource_id: str
    namespace: str
    key: str
    value: str
