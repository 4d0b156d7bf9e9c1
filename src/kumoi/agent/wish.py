"""What the ledger wants of this host's network: read from its sections, for the hands and for the next fetch alike."""

from collections.abc import Iterable, Set

import msgspec
from msgspec.structs import replace

from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.agent.section import Section
from kumoi.contracts.network import Carried, Filters, Segment
from kumoi.core.ids import GroupId, NetworkId, NicId, SectionKey, group_section, network_section
from kumoi.core.nics import tap_name
from kumoi.core.plan import InstanceEntry, NicEntry, SubnetEntry, VpcEntry, entry_id
from kumoi.planning.host_diff.networks import Needs, groups_of, lacking, needs, remote_groups, subscriptions


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """`nics`: of the instances here, as far as they were told; `late`: the entry that a nic still waits for.

    `groups` are those in use, `remote` those whose members their rules name.
    """

    needs: Needs
    nics: dict[NicId, NicEntry]
    late: dict[NicId, str]
    groups: dict[GroupId, Section]
    remote: dict[GroupId, Section]
    vpcs: tuple[VpcEntry, ...]

    @property
    def sections(self) -> frozenset[SectionKey]:
        """The shared sections to follow."""
        return subscriptions(self.needs, {*self.groups, *self.remote})

    def local(self) -> tuple[NicEntry, ...]:
        """The nics to be filtered now. Groups that were not told yet let nothing through, and hold up nothing else."""
        told = {group for group, held in self.groups.items() if held.group is not None}
        return tuple(_within(nic, told) for _, nic in sorted(self.nics.items()))

    def filters(self) -> Filters:
        groups = [held.group for _, held in sorted(self.groups.items())]
        return Filters(
            groups=tuple(group for group in groups if group is not None),
            members=tuple(member for _, held in sorted(self.remote.items()) for member in held.members),
        )


def wish(ledger: Ledger, notebook: Notebook) -> Wish:
    """Instances that are to go, or vanished from the plan, count until they are gone: nothing is cut beneath them.

    So do the nics that a guest has not let go of yet: closed, also where another guest is to have them next.
    """
    own = ledger.own()
    gone = ledger.before(own.key)
    vanished = ledger.vanished(own.key)
    told = (*own.instances.values(), *gone.values(), *vanished.values())
    instances = [one for one in told if isinstance(one, InstanceEntry)]
    vpcs = (*own.vpcs.values(), *(s for s in vanished.values() if isinstance(s, VpcEntry)))
    leaving = _leaving(notebook, instances)
    wanted = needs(instances, vpcs, leaving.values())
    here = {**wanted.plugs, **leaving}
    nics = {nic_id: nic for nic_id, net in here.items() if (nic := nic_of(ledger, net, nic_id)) is not None}
    nics |= {nic_id: replace(nics[nic_id], admin_up=False, group_ids=()) for nic_id in leaving if nic_id in nics}
    groups = {group: ledger.section(group_section(group)) for group in groups_of(nics.values())}
    rules = {group: held.group for group, held in groups.items() if held.group is not None}
    return Wish(
        needs=wanted,
        nics=nics,
        late=lacking(wanted.plugs, nics, rules.keys()),
        groups=groups,
        remote={group: ledger.section(group_section(group)) for group in remote_groups(rules.values())},
        vpcs=vpcs,
    )


def nic_of(ledger: Ledger, network: NetworkId, nic: NicId) -> NicEntry | None:
    """The nic as the plan has it, or as it was before it became absent."""
    key, entry = network_section(network), entry_id("nic", nic)
    found = ledger.section(key).spec(entry) or ledger.before(key).get(entry)
    return found if isinstance(found, NicEntry) else None


def subnets_of(ledger: Ledger, entry: InstanceEntry) -> list[SubnetEntry]:
    networks = sorted({network_id for _, network_id in entry.all_nics})
    return [subnet for network in networks for subnet in ledger.section(network_section(network)).subnets]


def carried_in(instances: Iterable[InstanceEntry], plugged: Set[str]) -> dict[NetworkId, tuple[Carried, ...]]:
    """What trunks carry whose own nics are in guests now (`plugged`: their taps), by network."""
    found: dict[NetworkId, list[Carried]] = {}
    for plug in (p for one in instances for p in one.nics if p.carries and tap_name(p.nic_id) in plugged):
        for sub in plug.carries:
            one = Carried(nic_id=sub.nic_id, parent=plug.nic_id, vlan=sub.vlan)
            found.setdefault(sub.network_id, []).append(one)
    return {network: tuple(sorted(carried, key=lambda c: c.nic_id)) for network, carried in found.items()}


def segment_of(
    ledger: Ledger, network: NetworkId, local: frozenset[NicId], carried: tuple[Carried, ...] = ()
) -> Segment | None:
    """None while the network itself was not told."""
    held = ledger.section(network_section(network))
    if held.network is None:
        return None
    return Segment(
        network=held.network,
        subnets=held.subnets,
        nics=held.all_nics,
        local=frozenset(nic for nic in local if nic in held.nics),
        carried=carried,
    )


def _within(nic: NicEntry, groups: set[GroupId]) -> NicEntry:
    if groups.issuperset(nic.group_ids):
        return nic
    return replace(nic, group_ids=tuple(g for g in nic.group_ids if g in groups))


def _leaving(notebook: Notebook, instances: list[InstanceEntry]) -> dict[NicId, NetworkId]:
    """The nics that are in a guest of whose entry they are no part."""
    wished = {(one.id, plug.nic_id) for one in instances for plug in one.nics}
    return {
        plug.nic_id: plug.network_id
        for instance, memory in notebook.all()
        for plug in memory.plugged
        if plug.nic_id and (instance, plug.nic_id) not in wished
    }
