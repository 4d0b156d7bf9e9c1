"""Which networks, filters and routers a host needs for what it runs, and which of those that stand may go.

Names in, names out: the contents come from the sections. What does not belong here: kernel objects, and instances.
"""

from collections.abc import Iterable, Mapping, Set

import msgspec

from kumoi.core.ids import GroupId, NetworkId, NicId, SectionKey, VpcId, group_section, network_section
from kumoi.core.plan import GroupEntry, InstanceEntry, NicEntry, VpcEntry


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """`plugs`: the nics of instances that run here or may, with their networks. `networks`: those, and router legs'."""

    plugs: dict[NicId, NetworkId]
    networks: frozenset[NetworkId]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What of ours stands in the kernel."""

    segments: Set[NetworkId]
    vpcs: Set[VpcId]


def needs(instances: Iterable[InstanceEntry], vpcs: Iterable[VpcEntry], plugged: Iterable[NetworkId] = ()) -> Needs:
    """`instances`: those that are present, and those that must go but still stand: their filters go after them.

    `plugged`: networks of nics that are in guests, wished or not: those that are not are closed, and lose no ground.
    """
    plugs = {nic_id: network_id for one in instances for nic_id, network_id in one.all_nics}
    legs = [leg for vpc in vpcs for leg in vpc.all_legs]
    return Needs(plugs=plugs, networks=frozenset({*plugs.values(), *plugged, *(leg.network_id for leg in legs)}))


def groups_of(nics: Iterable[NicEntry]) -> frozenset[GroupId]:
    """The groups whose rules these nics obey."""
    return frozenset(group for nic in nics for group in nic.group_ids)


def remote_groups(groups: Iterable[GroupEntry]) -> frozenset[GroupId]:
    """The groups whose members these rules let in or out."""
    return frozenset(rule.remote_group_id for group in groups for rule in group.rules if rule.remote_group_id)


def subscriptions(wanted: Needs, groups: Iterable[GroupId]) -> frozenset[SectionKey]:
    """The shared sections that a host has to follow."""
    return frozenset({*map(network_section, wanted.networks), *map(group_section, groups)})


def lacking(plugs: Iterable[NicId], nics: Mapping[NicId, NicEntry], groups: Set[GroupId]) -> dict[NicId, str]:
    """The nics that cannot be filtered yet, and the entry that has not come; a closed filter needs all its groups."""
    missing: dict[NicId, str] = {}
    for nic_id in plugs:
        nic = nics.get(nic_id)
        if nic is None:
            missing[nic_id] = f"nic/{nic_id}"
        else:
            late = next((g for g in nic.group_ids if g not in groups), None)
            if late is not None:
                missing[nic_id] = f"group/{late}"
    return missing


def segments_to_go(standing: Standing, wanted: Needs, known: Set[NetworkId]) -> frozenset[NetworkId]:
    """Nothing here needs them any more, and a plan named them once; what no plan ever named is left alone."""
    return frozenset((standing.segments & known) - wanted.networks)


def strays(standing: Standing, known: Set[NetworkId], vpcs: Set[VpcId]) -> list[tuple[str, str]]:
    """Kind and id of what stands in our name and no plan names."""
    found = [("network", str(n)) for n in standing.segments - known]
    return sorted(found + [("vpc", str(v)) for v in standing.vpcs - vpcs])
