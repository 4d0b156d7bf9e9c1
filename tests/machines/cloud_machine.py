"""A whole cloud under random intents and faults, against an independent record of what its users asked.

At every step: the truths (`truths`). Whenever all is healed and quiet: world equals wish (`quiet`). In the end
everything is deleted, and nothing may be left of it.
"""

from functools import partial

from hypothesis.stateful import invariant, rule
from tests.machines import quiet, truths
from tests.machines.directed_rules import DirectedRules
from tests.machines.fault_rules import HOUR

from kumoi.app.images import doors as images
from kumoi.app.networks import networks, nic_doors, public_addresses, vpcs
from kumoi.core.errors import InUse

QUIET_S = 132.0  # two resyncs of control, the slower ones


class CloudMachine(DirectedRules):
    def __init__(self) -> None:
        super().__init__()
        quiet.check(self)

    @invariant()
    def truths_hold(self) -> None:
        truths.check(self)

    @rule()
    def progress(self) -> None:
        """Everything heals for a while: deep states are reached."""
        self.heal()
        self.ground.pass_time(20.0)

    @rule()
    def all_is_quiet(self) -> None:
        self.heal()
        self.ground.pass_time(QUIET_S)
        quiet.check(self)

    def teardown(self) -> None:
        try:
            self.all_is_quiet()
            truths.check(self)
            self.delete_everything()
            self.all_is_quiet()
            truths.check(self)
            self.ground.clock.advance(2 * HOUR)
            self.ground.pass_time(70.0)
            truths.check(self)
            quiet.check_empty(self)
        finally:
            self.ground.close()

    def delete_everything(self) -> None:
        """All that users may delete."""
        call, record = self.call(), self.record
        for public in list(record.publics):
            public_addresses.delete_public_address(self.house, call, public)
            del record.publics[public]
        for guest in list(record.guests.values()):
            self.remove(guest)
        for nic in record.free_nics():
            nic_doors.delete_nic(self.house, call, nic)
            record.forget_nic(nic)
        for router in list(record.routers.values()):
            for leg in list(router.legs):
                self.take_leg(router, leg)
            vpcs.delete_vpc(self.house, call, router.id)
            del record.routers[router.id]
        for network in list(record.networks):
            networks.delete_network(self.house, call, network)
            for subnet in record.networks.pop(network):
                del record.subnets[subnet]
        for group in list(record.groups):
            self.ask(partial(self.drop_group, group), InUse)
        for image in list(record.images):
            images.delete(self.house, self.ground.cloud.call(admin=True), image)
            record.images.discard(image)
