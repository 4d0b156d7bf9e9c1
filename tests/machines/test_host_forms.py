"""The host's rule machine once more, with guests that stand still and guests that become others.

Apart from `test_host`: what mutants are hunted with there keeps its dice.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from tests.machines.host_races import HostRaces

from kumoi.core.instances import Rest


class HostForms(HostRaces):
    @precondition(lambda self: self.users)
    @rule(data=st.data(), rest=st.sampled_from(["", "paused", "suspended"]))
    def rest_or_go_on(self, data: st.DataObject, rest: Rest) -> None:
        user = self.someone(data)
        if user.power == "on":
            user.rest = rest
            self.tell(user)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), how=st.sampled_from(["rebuild", "rescue", "resize"]))
    def reform(self, data: st.DataObject, how: str) -> None:
        user = self.someone(data)
        user.forms, user.rest = user.forms + 1, ""
        if how == "rebuild":
            user.disk, user.rescued = user.disk + 1, False
        elif how == "rescue":
            user.rescued = not user.rescued
        self.tell(user)

    @rule(verb=st.sampled_from(["pause", "resume", "suspend", "ensure_rescue"]), times=st.integers(1, 4))
    def verb_of_forms_fails(self, verb: str, times: int) -> None:
        self.bench.world.faults.failing[verb] = times

    @invariant()
    def nothing_careless_was_done(self) -> None:
        assert self.bench.world.broken == []
        assert self.wrong == []

    @invariant()
    def what_was_proved_absent_stays_absent(self) -> None:
        assert self.risen() == set()


TestHostForms = HostForms.TestCase
TestHostForms.settings = settings(max_examples=25, stateful_step_count=30, deadline=None, derandomize=True)
