"""Loads the rows around a batch of marks, in few statements, and has `planning.sections` make entries of them."""

from collections.abc import Iterable

import msgspec

from kumoi.app.backups.writing import awaiting
from kumoi.app.images.copying import awaiting_volume
from kumoi.app.networks.metering import labels_on, rules_of
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.sections import Mark
from kumoi.control.ways import exports_of, plugs
from kumoi.core.attachments import Attachment
from kumoi.core.copies import DiskCopy
from kumoi.core.ids import ImageId, ProjectId, host_section
from kumoi.core.images import AWAITING, MAX_DEPTH, Layer
from kumoi.core.instances import Instance, Placement
from kumoi.core.metering import Metered
from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.port_forwardings import PortForwarding
from kumoi.core.qos import Shaping, policy_of, shaping
from kumoi.core.query import Filter, Order, Query, alive, eq, is_in
from kumoi.core.storage_pools import host_of
from kumoi.core.trunks import Trunk
from kumoi.core.volumes import Volume
from kumoi.core.vpcs import PublicAddress
from kumoi.planning.sections.groups import group_entry, member_entry
from kumoi.planning.sections.instances import InstanceParts, instance_entry
from kumoi.planning.sections.networks import network_entry, nic_entry, subnet_entry
from kumoi.planning.sections.volumes import snapshot_entry, volume_entry
from kumoi.planning.sections.vpcs import VpcParts, vpc_entry

_encode = msgspec.json.Encoder().encode


class Compiler:
    """One batch, one transaction. Every method answers the entry's body, or None when it is to be absent."""

    def __init__(self, tx: Transaction, marks: list[Mark]) -> None:
        self._tx = tx
        ids: dict[str, set[str]] = {}
        for mark in marks:
            kind, _, resource_id = mark.entry.partition("/")
            ids.setdefault(kind, set()).add(resource_id)
        self._nics: dict[str, Nic] = {n.id: n for n in tx.nics.many((*ids.get("nic", ()), *ids.get("member", ())))}
        wanted = {*ids.get("instance", ()), *(n.instance_id for n in self._nics.values() if n.instance_id)}
        self._instances: dict[str, Instance] = {i.id: i for i in tx.instances.many(tuple(wanted))}
        self._of_instances(tuple(ids.get("instance", ())))
        self._networks: dict[str, Network] = {}
        self._subnets: dict[str, Subnet] = {}
        self._layers: dict[str, tuple[Layer, ...]] = {}
        self._shapings: dict[str, Shaping | None] = {}

    def _of_instances(self, ids: tuple[str, ...]) -> None:
        """The rows that hang on the batch's instances."""
        tx = self._tx
        self._placed: dict[tuple[str, str], Placement] = {}
        self._plugged: dict[str, list[Nic]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self._public: dict[str, str] = {}
        self._trunks: dict[str, Trunk] = {}
        self._carried: dict[str, Nic] = {}
        self._copies: dict[str, list[ImageId]] = {}
        self._volumes: dict[str, list[tuple[Attachment, Volume]]] = {}
        if not ids:
            return
        for placement in tx.placements.find(Query(filters=(is_in("instance_id", ids),))):
            self._placed[placement.instance_id, placement.host_id] = placement
        for nic in tx.nics.find(Query(filters=(is_in("instance_id", ids), alive()))):
            self._plugged.setdefault(nic.instance_id or "", []).append(nic)
        plugged = tuple(n.id for found in self._plugged.values() for n in found)
        trunks = tx.trunks.find(Query(filters=(is_in("nic_id", plugged),))) if plugged else []
        self._trunks = {t.nic_id: t for t in trunks}
        self._carried = {n.id: n for n in tx.nics.many(tuple(s.nic_id for t in trunks for s in t.subports))}
        for label in tx.labels.of("instance", ids, "metadata"):
            self._labels.setdefault(label.resource_id, {})[label.key] = label.value
        self._public = {p.nic_id or "": p.address for p in self._public_of(plugged)}
        self._accounts = {
            p.id: p.account for p in tx.projects.many(tuple({i.project_id for i in self._instances.values()}))
        }
        waiting = (is_in("copy_of", ids), is_in("status", AWAITING), alive())
        for image in tx.images.find(Query(filters=waiting, order=(Order("created_at"), Order("id")))):
            self._copies.setdefault(image.copy_of or "", []).append(image.id)
        self._find_volumes(ids)
        groups = {g for found in self._plugged.values() for nic in found for g in nic.group_ids}
        self._group_names = {g.id: g.name for g in tx.security_groups.many(tuple(groups))}

    def _find_volumes(self, ids: tuple[str, ...]) -> None:
        """What is to be in the batch's guests, in the order of their places."""
        wished = (is_in("instance_id", ids), eq("said", ""), eq("leaving", value=False))
        found = self._tx.attachments.find(Query(filters=wished, order=(Order("slot"),)))
        volumes: dict[str, Volume] = {v.id: v for v in self._tx.volumes.many(tuple(a.volume_id for a in found))}
        for one in found:
            self._volumes.setdefault(one.instance_id or "", []).append((one, volumes[one.volume_id]))

    def _public_of(self, nic_ids: Iterable[str]) -> list[PublicAddress]:
        ids = tuple(nic_ids)
        return self._tx.public_addresses.find(Query(filters=(is_in("nic_id", ids), alive()))) if ids else []

    def instance(self, mark: Mark, instance_id: str) -> bytes | None:
        one = self._instances.get(instance_id)
        placement = self._placed.get((instance_id, mark.section.removeprefix("host/")))
        if one is None or one.deleted_at is not None or placement is None:
            return None
        nics = sorted(self._plugged.get(instance_id, ()), key=lambda n: (n.slot, n.created_at, n.id))
        names = {self._group_names[g] for n in nics for g in n.group_ids if g in self._group_names}
        parts = InstanceParts(
            instance=one,
            placement=placement,
            layers=self._chain(one.root_layer_id) if one.root_layer_id else (),
            nics=tuple(nics),
            networks={n.network_id: self._network(n.network_id) for n in nics},
            trunks=self._trunks,
            carried=self._carried,
            labels=self._labels.get(instance_id, {}),
            group_names=tuple(sorted(names)),
            account=self._accounts.get(one.project_id, ""),
            public_ipv4=next((self._public[n.id] for n in nics if n.id in self._public), ""),
            request_id=self._asked_by(instance_id),
            rescue_layers=self._chain(one.rescue.layer_id) if one.rescue is not None else (),
            copies=tuple(self._copies.get(instance_id, ())),
            volumes=plugs(self._tx, self._volumes.get(instance_id, ()), placement.host_id),
        )
        return _encode(instance_entry(parts))

    def _asked_by(self, instance_id: str) -> str:
        """The request that changed it last."""
        newest = Query(
            filters=(eq("kind", "instance"), eq("resource_id", instance_id), Filter("request_id", "ne", "")),
            order=(Order("seq", descending=True),),
            limit=1,
        )
        return next((event.request_id for event in self._tx.events.find(newest)), "")

    def vpc(self, mark: Mark, vpc_id: str) -> bytes | None:
        vpc = self._tx.vpcs.get(vpc_id)
        wanted = vpc is not None and vpc.deleted_at is None and vpc.admin_up
        if vpc is None or not wanted or f"host/{vpc.host_id}" != mark.section:
            return None
        nics = self._tx.nics.find(Query(filters=(eq("vpc_id", vpc_id), alive())))
        public = self._tx.public_addresses.find(Query(filters=(eq("vpc_id", vpc_id), alive())))
        by_id = {n.id: n for n in nics}
        of_it = Query(filters=(eq("vpc_id", vpc_id),))
        networks: dict[str, Network] = {n.network_id: self._network(n.network_id) for n in nics}
        having: tuple[Nic | Network | PublicAddress, ...] = (*nics, *networks.values(), *public)
        policies = {row.qos_policy_id for row in having}
        parts = VpcParts(
            vpc=vpc,
            interfaces=tuple(n for n in nics if n.use == "vpc_interface"),
            gateways=tuple(by_id[i] for i in vpc.gateway_ids if i in by_id),
            networks=networks,
            subnets={ip.subnet_id: self._subnet(ip.subnet_id) for n in nics for ip in n.fixed_ips},
            public=tuple(public),
            forwardings=tuple(self._forwardings(public)),
            shaping={p: self._shaping(p) for p in policies if p is not None},
            metered=self._metered(vpc.project_id),
            proxies=tuple(self._tx.ndp_proxies.find(of_it)),
            helpers=tuple(self._tx.conntrack_helpers.find(of_it)),
        )
        return _encode(vpc_entry(parts))

    def _metered(self, project_id: ProjectId) -> tuple[Metered, ...]:
        labels = sorted(labels_on(self._tx, project_id), key=lambda label: label.id)
        return tuple(Metered(label_id=one.id, rules=tuple(rules_of(self._tx, one.id))) for one in labels)

    def network(self, _mark: Mark, network_id: str) -> bytes | None:
        network = self._tx.networks.get(network_id)
        if network is None or network.deleted_at is not None:
            return None
        return _encode(network_entry(network))

    def subnet(self, _mark: Mark, subnet_id: str) -> bytes | None:
        subnet = self._tx.subnets.get(subnet_id)
        if subnet is None or subnet.deleted_at is not None:
            return None
        service = self._tx.nics.find(Query(filters=(eq("network_id", subnet.network_id), eq("use", "dhcp"), alive())))
        mine = [n for n in service if n.admin_up and any(ip.subnet_id == subnet.id for ip in n.fixed_ips)]
        return _encode(subnet_entry(subnet, mine[0] if mine else None))

    def nic(self, mark: Mark, nic_id: str) -> bytes | None:
        nic = self._nics.get(nic_id)
        if nic is None or nic.deleted_at is not None or f"network/{nic.network_id}" != mark.section:
            return None
        one = self._instances.get(nic.instance_id) if nic.instance_id else None
        shaping = self._shaping(policy_of(nic, self._network(nic.network_id).qos_policy_id))
        return _encode(nic_entry(nic, nic.dns_name or (one.hostname if one else ""), shaping))

    def group(self, _mark: Mark, group_id: str) -> bytes | None:
        group = self._tx.security_groups.get(group_id)
        if group is None or group.deleted_at is not None:
            return None
        rules = self._tx.security_rules.find(Query(filters=(eq("group_id", group_id),)))
        named = tuple({r.remote_address_group_id for r in rules if r.remote_address_group_id is not None})
        return _encode(group_entry(group, tuple(rules), self._tx.address_groups.many(named)))

    def member(self, mark: Mark, nic_id: str) -> bytes | None:
        nic = self._nics.get(nic_id)
        group_id = mark.section.removeprefix("group/")
        if nic is None or nic.deleted_at is not None or group_id not in nic.group_ids:
            return None
        group = self._tx.security_groups.get(group_id)
        return _encode(member_entry(nic, group)) if group is not None else None

    def volume(self, mark: Mark, volume_id: str) -> bytes | None:
        volume = self._tx.volumes.get(volume_id)
        if volume is None or volume.deleted_at is not None or volume.pool_id is None:
            return None
        if host_section(host_of(volume.pool_id)) != mark.section:
            return None
        layers = self._chain(volume.layer_id) if volume.layer_id is not None else ()
        copies = [DiskCopy(image_id=image.id) for image in awaiting_volume(self._tx, volume.id)]
        copies += [DiskCopy(image_id=ImageId(b.id), snapshot_id=b.snapshot_id) for b in awaiting(self._tx, volume.id)]
        exports = exports_of(self._tx, volume, volume.pool_id)
        return _encode(volume_entry(volume, volume.pool_id, layers, tuple(copies), exports))

    def snapshot(self, mark: Mark, snapshot_id: str) -> bytes | None:
        snapshot = self._tx.volume_snapshots.get(snapshot_id)
        if snapshot is None or snapshot.deleted_at is not None or snapshot.pool_id is None:
            return None
        if host_section(host_of(snapshot.pool_id)) != mark.section:
            return None
        return _encode(snapshot_entry(snapshot, snapshot.pool_id))

    def _network(self, network_id: str) -> Network:
        if network_id not in self._networks:
            found = self._tx.networks.get(network_id)
            assert found is not None, f"a nic's network {network_id} is gone"
            self._networks[network_id] = found
        return self._networks[network_id]

    def _subnet(self, subnet_id: str) -> Subnet:
        if subnet_id not in self._subnets:
            found = self._tx.subnets.get(subnet_id)
            assert found is not None, f"an address's subnet {subnet_id} is gone"
            self._subnets[subnet_id] = found
        return self._subnets[subnet_id]

    def _forwardings(self, public: list[PublicAddress]) -> list[PortForwarding]:
        forwarding = tuple(p.id for p in public if p.nic_id is None)
        return self._tx.port_forwardings.find(Query(filters=(is_in("public_id", forwarding),))) if forwarding else []

    def _shaping(self, policy_id: str | None) -> Shaping | None:
        if policy_id is None:
            return None
        if policy_id not in self._shapings:
            rules = self._tx.qos_rules.find(Query(filters=(eq("policy_id", policy_id),)))
            self._shapings[policy_id] = shaping(rules)
        return self._shapings[policy_id]

    def _chain(self, layer_id: str) -> tuple[Layer, ...]:
        """The layer and what lies beneath it, deepest last."""
        if layer_id not in self._layers:
            chain: list[Layer] = []
            at: str | None = layer_id
            while at is not None and len(chain) < MAX_DEPTH:
                layer = self._tx.layers.get(at)
                assert layer is not None, f"layer {at} is gone while something points to it"
                chain.append(layer)
                at = layer.parent_id
            self._layers[layer_id] = tuple(chain)
        return self._layers[layer_id]
