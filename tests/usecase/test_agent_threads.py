"""The agent as it runs in a process: threads, the machine's clock, papers on disk."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.usecase.agent_bench import Bench

from kumoi.adapters.system import SystemClock
from kumoi.agent.drivers import Manner
from kumoi.agent.journal import FileJournal
from kumoi.core.ids import InstanceId

PATIENCE_S = 90.0
HASTE = Manner(poll_s=0.0, idle_s=0.01, resync_s=0.2, heartbeat_s=0.1, soft_s=2.0)


def wait_until(true: Callable[[], bool]) -> None:
    ticks = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if true():
            return
        ticks.wait(0.01)
    raise AssertionError("it never came true")


def test_many_guests_come_and_go_under_threads(tmp_path: Path) -> None:
    bench = Bench(HASTE)
    bench.clock = SystemClock()  # type: ignore[assignment]
    bench.world.clock = bench.clock
    bench.ledger_journal = FileJournal(tmp_path / "ledger")  # type: ignore[assignment]
    bench.notebook_journal = FileJournal(tmp_path / "notebook")  # type: ignore[assignment]
    bench.agent = bench.new_agent()
    names = [f"g{number}" for number in range(12)]
    bench.network()
    bench.agent.start()
    try:
        for name in names:
            bench.nic(name)
            bench.instance(name)
        wait_until(lambda: bench.running() == set(names))
        bench.world.kill(InstanceId("g3"))
        for name in names[6:]:
            bench.delete(name)
        wait_until(lambda: bench.running() == set(names[:6]))
        wait_until(lambda: {one.id for one in bench.report().instances} == set(names[:6]))
        wait_until(lambda: set(bench.world.nics) == {f"nic-{name}" for name in names[:6]})
    finally:
        bench.agent.stop()
    assert bench.world.broken == []
