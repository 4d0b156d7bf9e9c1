"""An event as an audit record of DMTF's CADF (DSP0262): who did what to what, when, and from which request.

What is refused changes nothing and is no event: it is in the access log, under its request id.
"""

from datetime import UTC, datetime
from typing import Any, Final

from kumoi.core.events import Event

EVENT: Final = "http://schemas.dmtf.org/cloud/audit/1.0/event"
USER: Final = "data/security/account/user"
# CADF's own words for our kinds; what it has no word for is data of ours.
TARGETS: Final = {
    "instance": "compute/machine",
    "host": "compute/node",
    "image": "data/template",
    "flavor": "data/catalog",
    "network": "network/network",
    "subnet": "network/subnet",
    "nic": "network/port",
    "vpc": "network/router",
    "public_address": "network/address",
    "user": USER,
    "user_group": "data/security/group",
    "project": "data/security/project",
    "domain": "data/security/domain",
    "role": "data/security/role",
    "role_assignment": "data/security/role",
    "credential": "data/security/credential",
    "access_key": "data/security/credential",
    "application_credential": "data/security/credential",
    "trust": "data/security/trust",
    "policy": "data/security/policy",
    "service": "data/security/service",
    "endpoint": "data/security/endpoint",
    "region": "data/security/region",
}
VERBS: Final = frozenset({"create", "update", "delete"})


def record_of(event: Event, region: str) -> dict[str, Any]:
    """`action` is one of CADF's, narrowed by ours where it has no word: `update/power_off`."""
    verb = event.action.partition(".")[2] or event.action
    return {
        "typeURI": EVENT,
        "eventType": "activity",
        "id": event.id,
        "eventTime": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="microseconds"),
        "action": verb if verb in VERBS else f"update/{verb}",
        "outcome": "success",
        "initiator": {
            "id": event.user_id,
            "typeURI": USER,
            "project_id": event.project_id or None,
            "request_id": event.request_id,
        },
        "target": {
            "id": event.resource_id,
            "typeURI": TARGETS.get(event.kind, f"data/kumoi/{event.kind}"),
            "project_id": event.project_id or None,
        },
        "observer": {"id": region, "typeURI": "service/kumoi", "name": "kumoi"},
        "attachments": [
            {"name": name, "typeURI": "xs:string", "content": value} for name, value in sorted(event.facts.items())
        ],
    }
