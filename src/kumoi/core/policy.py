"""Every action of the cloud and who may do it: the one table. Doors ask `allow`; nothing else authorises."""

from typing import Literal

from kumoi.core.call import Call
from kumoi.core.errors import Forbidden

Rule = Literal["any", "reader", "member", "admin", "service", "checker", "overseer", "system"]

_READ: tuple[str, ...] = (
    "instance",
    "image",
    "volume",
    "volume_snapshot",
    "backup",
    "attachment",
    "volume_group",
    "volume_transfer",
    "volume_type",
    "volume_group_type",
    "flavor",
    "keypair",
    "server_group",
    "network",
    "subnet",
    "subnet_pool",
    "address_scope",
    "share",
    "qos_policy",
    "service_flavor",
    "nic",
    "trunk",
    "ndp_proxy",
    "vpc",
    "public_address",
    "security_group",
    "address_group",
    "default_rule",
    "quota",
    "event",
    "meter",
    "zone",
)
_WRITE: tuple[str, ...] = (
    "instance",
    "image",
    "volume",
    "volume_group",
    "volume_transfer",
    "volume_snapshot",
    "backup",
    "attachment",
    "keypair",
    "server_group",
    "network",
    "subnet",
    "subnet_pool",
    "address_scope",
    "share",
    "nic",
    "trunk",
    "ndp_proxy",
    "vpc",
    "public_address",
    "security_group",
    "address_group",
)

ACTIONS: dict[str, Rule] = {
    **{f"{noun}.read": "reader" for noun in _READ},
    **{f"{noun}.{verb}": "member" for noun in _WRITE for verb in ("create", "update", "delete")},
    "instance.power": "member",
    "instance.console": "member",
    "instance.console_tokens": "admin",
    "instance.offload": "admin",
    "instance.mark": "admin",
    "instance.migrations": "admin",
    "instance.outer_events": "checker",
    "instance.all_projects": "admin",
    "instance.see_host": "admin",
    "instance.diagnostics": "admin",
    "instance.choose_host": "admin",
    "image.publish": "admin",
    "image.deactivate": "member",
    "image.share": "member",
    "image.accept": "member",
    "image.import": "member",
    "image.tasks": "overseer",
    "image.all_projects": "admin",
    "volume.all_projects": "admin",
    "volume.see_host": "admin",
    "volume.reset": "admin",
    "volume.force": "admin",
    "volume_transfer.accept": "member",
    "backup.restore": "member",
    "backup.records": "admin",
    "backup.reset": "admin",
    **{f"volume_type.{verb}": "admin" for verb in ("create", "update", "delete")},
    **{f"volume_group_type.{verb}": "admin" for verb in ("create", "update", "delete")},
    **{f"volume_qos.{verb}": "admin" for verb in ("create", "read", "update", "delete")},
    "metadef.read": "reader",
    "metadef.write": "admin",
    **{f"default_rule.{verb}": "admin" for verb in ("create", "delete")},
    **{f"metering.{verb}": "admin" for verb in ("create", "read", "delete")},
    **{f"service_flavor.{verb}": "admin" for verb in ("create", "update", "delete")},
    **{f"service_profile.{verb}": "admin" for verb in ("create", "read", "update", "delete")},
    **{f"segment_range.{verb}": "admin" for verb in ("create", "read", "update", "delete")},
    **{f"qos_policy.{verb}": "admin" for verb in ("create", "update", "delete")},
    "qos_policy.rule_details": "admin",
    "network.external": "admin",
    "network.number": "admin",
    "nic.bind": "admin",
    "nic.place_freely": "admin",
    "vpc.snat": "admin",
    "vpc.form": "admin",
    "public_address.choose": "admin",
    "network.share": "admin",
    "network.all_projects": "admin",
    "flavor.create": "admin",
    "flavor.update": "admin",
    "flavor.delete": "admin",
    "quota.update": "admin",
    "keypair.all_users": "admin",
    "network.explain": "admin",
    "host.read": "overseer",
    "host.update": "admin",
    "provider.read": "checker",
    **{f"provider.{verb}": "service" for verb in ("create", "update", "delete", "allocate", "name")},
    **{f"aggregate.{verb}": "admin" for verb in ("create", "read", "update", "delete")},
    "server_group.all_projects": "admin",
    "loop.read": "overseer",
    "event.all_projects": "overseer",
    "meter.scrape": "checker",
    "why.read": "reader",
    "token.issue": "any",
    "token.read": "checker",
    "token.revoke": "admin",
    "identity.read": "overseer",
    "identity.read_own": "any",
    "identity.write": "admin",
    "credential.own": "any",
    "credential.make": "any",
    "application_credential.create": "any",
    "application_credential.delete": "any",
    "trust.create": "any",
    "trust.delete": "any",
    "oauth.let": "any",
    "oauth.take_back": "any",
    "web_session.own": "any",
    "credential.all": "admin",
}
# What a program with a restricted credential may not: it would outlive the credential.
_HANDS_ON = frozenset({
    "credential.make",
    "application_credential.create",
    "application_credential.delete",
    "trust.create",
    "trust.delete",
    "oauth.let",
    "oauth.take_back",
})  # fmt: skip
_ORDER: dict[Rule, tuple[str, ...]] = {
    "reader": ("reader", "member", "manager", "admin"),
    "member": ("member", "manager", "admin"),
    "admin": ("admin",),
    "service": ("service", "admin"),
    "checker": ("service", "admin"),
    "overseer": ("admin",),
    "system": ("admin",),
    "any": (),
}


def may(call: Call, action: str) -> bool:
    """Whether this actor may do this at all; ownership of the thing is the door's second question."""
    rule = ACTIONS[action]
    if call.actor.restricted and action in _HANDS_ON:
        return False
    if rule == "any":
        return True
    if call.actor.project_id is None and not call.actor.system and not _of_domain(call, action):
        return False
    if rule in {"checker", "overseer"} and call.actor.system:
        rule = "reader"  # who reads the system reads all of it
    return not call.actor.roles.isdisjoint(_ORDER[rule])


def _of_domain(call: Call, action: str) -> bool:
    """Whether the scope is a domain, and the action one that is done there: nothing runs in a domain."""
    return call.actor.domain_id is not None and action.startswith(("identity.", "token.", "credential.", "trust."))


def managed(call: Call) -> str | None:
    """The domain whose people and projects this actor looks after; `app.identity.domain_managers` says how far."""
    return call.actor.domain_id if "manager" in call.actor.roles and not call.actor.restricted else None


def allow(call: Call, action: str) -> None:
    """Refuse with Forbidden (facts: action, needs) unless the actor may."""
    if not may(call, action):
        raise Forbidden("identity", action=action, needs=list(_ORDER[ACTIONS[action]]))


def least_role(action: str) -> str:
    """The least of the roles that may do this; empty where none is needed."""
    return next(iter(_ORDER[ACTIONS[action]]), "")


def sees(call: Call, project_id: str, action_all: str) -> bool:
    """Whether a thing of this project is visible to the call: its own, or by the right to all projects'."""
    return project_id == call.actor.project_id or may(call, action_all)
