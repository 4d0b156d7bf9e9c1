"""A host under random plans, crashes, losses and reboots, against an independent record of what its users asked.

At every step: nothing that a careful agent must not do was done, and what was proved absent stays absent. In the end,
once everything is healed and some time has passed: world equals wish, and no orphans.
"""

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant
from tests.machines.host_races import HostRaces


class HostMachine(HostRaces):
    @invariant()
    def nothing_careless_was_done(self) -> None:
        assert self.bench.world.broken == []
        assert self.wrong == []

    @invariant()
    def what_was_proved_absent_stays_absent(self) -> None:
        assert self.risen() == set()


TestHost = pytest.mark.timeout(900)(HostMachine.TestCase)
TestHost.settings = settings(max_examples=100, stateful_step_count=30)
