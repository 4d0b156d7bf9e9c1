"""The cloud machine without its rules: the ground, the record of what users asked, and how they ask."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from tests.machines import record
from tests.machines.ground import Ground
from tests.machines.record import Record, Router, Strangers

from kumoi.app.instances import read as instances
from kumoi.app.networks import reading
from kumoi.app.networks.legs import interfaces
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.security_groups import GROUPS, find_groups
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpcs import VPCS
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.nics import Nic
from kumoi.core.query import Query

T = TypeVar("T")
VCPUS, MEMORY_MIB, FLAVOR = 1, 128, "1"
BROKEN = frozenset({"pass_broke", "statuses_mended", "hint_lost", "batch_unstampable", "entry_unstampable"})


class Stage(RuleBasedStateMachine):
    """`wrong`: what was found to be so at the moment when it happened."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        structlog.configure(processors=[self._hear], cache_logger_on_first_use=False)
        self.ground = Ground()
        self.record = Record()
        self.strangers = Strangers()
        self.count = 0
        self.house = self.ground.house
        self._learn_what_was_founded()
        self.ground.pass_time(15.0)
        self.record.images.add(self.ground.image())

    def _hear(self, _logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """No loop may break, and the auditor may find nothing to mend."""
        if event["event"] in BROKEN:
            self.wrong.append(str(event))
        raise structlog.DropEvent

    def _learn_what_was_founded(self) -> None:
        call = self.call()
        find_groups(self.house, call, Query())
        for view in reading.find(self.house, call, NETWORKS, Query()):
            if view.network.external:
                self.record.outer = view.network.id
            else:
                self.record.networks[view.network.id] = set()
        for found in reading.find(self.house, call, SUBNETS, Query()):
            subnet = found.subnet
            self.record.subnets[subnet.id] = (subnet.network_id, subnet.cidr)
            if subnet.network_id in self.record.networks:
                self.record.networks[subnet.network_id].add(subnet.id)
            self.record.chosen.add(f"{subnet.id}/{subnet.gateway}")
        for one in reading.find(self.house, call, VPCS, Query()):
            router = self.record.routers[one.vpc.id] = Router(one.vpc.id, gateway=one.gateway is not None)
            for nic in self.ground.store.read(lambda tx, vpc=one.vpc: interfaces(tx, vpc.id)):
                router.legs[nic.id] = (nic.fixed_ips[0].subnet_id, nic.fixed_ips[0].address)
        for group in reading.find(self.house, call, GROUPS, Query()):
            self.record.groups[group.group.id] = {rule.id for rule in group.rules}

    def call(self) -> Call:
        return self.ground.cloud.call()

    def pick(self, data: st.DataObject, things: Iterable[T]) -> T:
        return data.draw(st.sampled_from(sorted(things)))  # type: ignore[type-var]

    def ask(self, door: Callable[[], T], *refusals: type[KumoiError]) -> T | None:
        """What the door says; None when it refuses for one of the reasons that are fair."""
        try:
            return door()
        except refusals:
            return None

    def show(self, guest: InstanceId) -> Instance:
        return instances.get(self.house, self.call(), guest).instance

    def learn_nic(self, nic: Nic) -> record.Nic:
        places = [(ip.subnet_id, ip.address) for ip in nic.fixed_ips]
        known = self.record.nics.get(nic.id)
        if known is None:
            known = self.record.nics[nic.id] = record.Nic(nic.id, nic.network_id, places, set(nic.group_ids))
        return known

    def heal(self) -> None:
        """Everything that was broken on purpose works again."""
        for host in self.ground.hosts:
            host.heal()
        self.ground.control_works = True
        self.ground.rival_stamps(rival=False)
