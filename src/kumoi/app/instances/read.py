"""Looking at instances: one, a page, or with all that a detailed answer shows."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.copying import awaiting
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.call import Call
from kumoi.core.conditions import Condition, Ready
from kumoi.core.errors import NotFound, WrongState
from kumoi.core.groups import SecurityGroup
from kumoi.core.hosts import Host
from kumoi.core.ids import InstanceId
from kumoi.core.images import Image
from kumoi.core.instances import Instance, Observation
from kumoi.core.networks import Network
from kumoi.core.nics import Nic
from kumoi.core.policy import allow, may, sees
from kumoi.core.query import Filter, LabelFilter, Order, Query, alive, eq, is_in
from kumoi.core.vpcs import PublicAddress
from kumoi.planning.diagnosis import Surroundings, of_instance


class InstanceView(msgspec.Struct, frozen=True, kw_only=True):
    """An instance with what belongs to it. `networks` by id for its nics; `labels` by namespace; `copies`: the images
    that wait for a copy of its disk."""

    instance: Instance
    seen: Observation | None
    host: Host | None
    nics: tuple[Nic, ...]
    networks: dict[str, Network]
    groups: dict[str, SecurityGroup]
    public: tuple[PublicAddress, ...]
    labels: dict[str, dict[str, str]]
    attachments: tuple[Attachment, ...] = ()
    copies: tuple[Image, ...] = ()


def get(house: House, call: Call, instance_id: InstanceId) -> InstanceView:
    """NotFound for one that is gone, or another project's."""
    allow(call, "instance.read")

    def read(tx: Transaction) -> InstanceView:
        return _views(tx, [visible(tx, call, instance_id)])[0]

    return house.store.read(read)


def find(
    house: House, call: Call, query: Query, *, all_projects: bool = False, deleted: bool = False
) -> list[Instance]:
    """A page of bare instances of the caller's project (or of all, for those who may)."""
    allow(call, "instance.read")
    return house.store.read(lambda tx: _page(tx, call, query, all_projects=all_projects, deleted=deleted))


def find_views(
    house: House, call: Call, query: Query, *, all_projects: bool = False, deleted: bool = False
) -> list[InstanceView]:
    """A page with all that a detailed list shows, in few statements whatever its length."""
    allow(call, "instance.read")

    def read(tx: Transaction) -> list[InstanceView]:
        return _views(tx, _page(tx, call, query, all_projects=all_projects, deleted=deleted))

    return house.store.read(read)


def count(house: House, call: Call, query: Query) -> int:
    """How many of the caller's project a query finds."""
    allow(call, "instance.read")
    mine = query.where(eq("project_id", call.project_id), alive())
    return house.store.read(lambda tx: tx.instances.count(mine))


def condition(call: Call, view: InstanceView) -> Condition:
    """What stands between the wish and the world. Who may not see hosts is not told their names."""
    hosts = () if view.host is None else (view.host,)
    found = of_instance(view.instance, view.seen, Surroundings(hosts=hosts), call.now)
    if isinstance(found, Ready) or "host" not in found.facts or sees_host(call):
        return found
    return replace(found, code="host_silent", facts={})


def at_address(house: House, call: Call, text: str, version: int, *, all_projects: bool = False) -> tuple[str, ...]:
    """The ids of instances that have an address (of this IP version) with this text in it."""
    allow(call, "instance.all_projects" if all_projects else "instance.read")
    query = Query(filters=(Filter("instance_id", "null", value=False), alive()))
    if not all_projects:
        query = query.where(eq("project_id", call.project_id))
    nics = house.store.read(lambda tx: tx.nics.find(query))
    has = {
        n.instance_id
        for n in nics
        for ip in n.fixed_ips
        if text in ip.address and (":" in ip.address) == (version == 6)
    }
    return tuple(sorted(i for i in has if i))


def tagged(
    house: House, call: Call, tags: tuple[str, ...], *, lacking: bool, all_projects: bool = False
) -> tuple[str, ...]:
    """The ids of instances that have one of these tags at least; or (`lacking`) that lack one of them."""
    allow(call, "instance.all_projects" if all_projects else "instance.read")
    own = () if all_projects else (eq("project_id", call.project_id),)

    def read(tx: Transaction) -> tuple[str, ...]:
        asked = (Query(filters=(*own, alive()), labels=(LabelFilter("tag", t, absent=lacking),)) for t in tags)
        return tuple(sorted({one.id for query in asked for one in tx.instances.find(query)}))

    return house.store.read(read)


def on_host(house: House, call: Call, name: str) -> tuple[str, ...]:
    """The ids of what is placed on the host of this name."""
    allow(call, "instance.see_host")

    def read(tx: Transaction) -> tuple[str, ...]:
        hosts = tuple(h.id for h in tx.hosts.find(Query(filters=(eq("name", name),))))
        placed = tx.placements.find(Query(filters=(is_in("host_id", hosts),))) if hosts else []
        return tuple(p.instance_id for p in placed)

    return house.store.read(read)


def visible(tx: Transaction, call: Call, instance_id: InstanceId, *, deleted: bool = False) -> Instance:
    """The living instance, if the caller may see it; with `deleted` also one that waits for its purge."""
    one = tx.instances.get(instance_id)
    shown = one is not None and (deleted or one.deleted_at is None)
    if one is None or not shown or not sees(call, one.project_id, "instance.all_projects"):
        raise NotFound("compute", kind="instance", id=instance_id)
    return one


def check_unlocked(call: Call, one: Instance, action: str) -> None:
    """WrongState for a locked one, unless an administrator asks."""
    if one.locked and not call.actor.is_admin:
        raise WrongState("compute", kind="instance", id=one.id, status="locked", action=action)


def _page(tx: Transaction, call: Call, query: Query, *, all_projects: bool, deleted: bool) -> list[Instance]:
    if all_projects:
        allow(call, "instance.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    if not deleted:
        query = query.where(alive())
    return tx.instances.find(query)


def _views(tx: Transaction, found: list[Instance]) -> list[InstanceView]:
    ids = tuple(i.id for i in found)
    nics: dict[str, list[Nic]] = {}
    for nic in tx.nics.find(Query(filters=(is_in("instance_id", ids), alive()))):
        nics.setdefault(nic.instance_id or "", []).append(nic)
    flat = [nic for group in nics.values() for nic in group]
    networks: dict[str, Network] = {n.id: n for n in tx.networks.many(tuple({n.network_id for n in flat}))}
    groups: dict[str, SecurityGroup] = {
        g.id: g for g in tx.security_groups.many(tuple({g for n in flat for g in n.group_ids}))
    }
    public = _public(tx, tuple(n.id for n in flat))
    seen = {o.id: o for o in tx.observations.many(ids)}
    placed = {p.instance_id: p.host_id for p in tx.placements.find(Query(filters=(is_in("instance_id", ids),)))}
    hosts = {h.id: h for h in tx.hosts.many(tuple(set(placed.values())))}
    attached: dict[str, list[Attachment]] = {}
    told = Query(filters=(is_in("instance_id", ids), eq("said", "")), order=(Order("slot"),))
    for one in tx.attachments.find(told):
        attached.setdefault(one.instance_id or "", []).append(one)
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for label in tx.labels.of("instance", ids):
        labels.setdefault(label.resource_id, {}).setdefault(label.namespace, {})[label.key] = label.value
    copies = awaiting(tx, ids)
    return [
        InstanceView(
            instance=one,
            seen=seen.get(one.id),
            host=hosts.get(placed[one.id]) if one.id in placed else None,
            nics=tuple(sorted(nics.get(one.id, ()), key=lambda n: (n.slot, n.created_at, n.id))),
            networks=networks,
            groups=groups,
            public=tuple(p for n in nics.get(one.id, ()) for p in public.get(n.id, ())),
            labels=labels.get(one.id, {}),
            attachments=tuple(attached.get(one.id, ())),
            copies=tuple(copies.get(one.id, ())),
        )
        for one in found
    ]


def _public(tx: Transaction, nic_ids: tuple[str, ...]) -> dict[str, list[PublicAddress]]:
    found: dict[str, list[PublicAddress]] = {}
    if nic_ids:
        for address in tx.public_addresses.find(Query(filters=(is_in("nic_id", nic_ids), alive()))):
            found.setdefault(address.nic_id or "", []).append(address)
    return found


def sees_host(call: Call) -> bool:
    """Whether host attributes may be shown."""
    return may(call, "instance.see_host")
