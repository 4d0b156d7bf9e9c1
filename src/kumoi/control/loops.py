"""Control's loops, assembled: what each looks at and how often. Any of them may die and start again at any moment."""

from collections.abc import Callable
from contextlib import suppress

from kumoi.app.house import House
from kumoi.app.images import importing
from kumoi.app.images.imports import TOPIC as TASK_TOPIC
from kumoi.app.writing import MARKS_TOPIC
from kumoi.control.auditor import mend_statuses, mend_volumes
from kumoi.control.backups import mend_backups, sweep_backups
from kumoi.control.binding import bind_routers
from kumoi.control.blobs import Sweeper
from kumoi.control.purge import Retention, purge
from kumoi.control.series import forget_purged
from kumoi.control.stamper import Stamper
from kumoi.core.errors import KumoiError
from kumoi.runtime import log
from kumoi.runtime.loop import Loop, Pace

ALL = "all"
STAMP_RESYNC_S = 5.0
BIND_EVERY_S = 5.0
PURGE_EVERY_S = 60.0
AUDIT_EVERY_S = 300.0
SERIES_EVERY_S = 5.0
SWEEP_EVERY_S = 60.0
IMPORT_EVERY_S = 10.0
IMPORTS_AT_ONCE = 2
SLICE_PAUSE_S = 0.05  # between two pieces of work on the series: others want the processor too


class Control:
    """`holder` names this process where only one may work at a time."""

    def __init__(self, house: House, holder: str, retention: Retention) -> None:
        self._house = house
        self._retention = retention
        self._stamper = Stamper(house, holder)
        self._sweeper = Sweeper(house)
        self._stamp = self._loop("stamp", self._stamp_all, STAMP_RESYNC_S)
        self._series = self._loop("series", self._keep_series, SERIES_EVERY_S)
        self._imports = Loop(
            "import",
            lambda key: self._import(holder, key),
            lambda: (ALL,),
            house.clock,
            house.chance,
            Pace(resync_s=IMPORT_EVERY_S, threads=IMPORTS_AT_ONCE),
        )
        self.loops = (
            self._stamp,
            self._loop("bind", self._bind, BIND_EVERY_S),
            self._loop("purge", self._purge, PURGE_EVERY_S),
            self._loop("audit", self._audit, AUDIT_EVERY_S),
            self._series,
            self._loop("sweep", self._sweep, SWEEP_EVERY_S),
            self._imports,
        )

        house.loops.add(self.loops)

    def start(self) -> None:
        self._house.hints.subscribe(MARKS_TOPIC, lambda _key: self._stamp.hint(ALL))
        self._house.hints.subscribe(TASK_TOPIC, self._imports.hint)
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        for loop in self.loops:
            loop.stop()
        with suppress(KumoiError):  # a disk that is full loses a minute of charts
            self._house.series.write_all()

    def run_due(self) -> int:
        """Do what is due in this thread (tests drive control by hand)."""
        return sum(loop.run_due() for loop in self.loops)

    def _loop(self, name: str, work: Callable[[str], None], every_s: float) -> Loop:
        pace = Pace(resync_s=every_s)
        return Loop(name, work, lambda: (ALL,), self._house.clock, self._house.chance, pace)

    def _stamp_all(self, _key: str) -> None:
        self._stamper.stamp_all()

    def _bind(self, _key: str) -> None:
        bind_routers(self._house)

    def _purge(self, _key: str) -> None:
        try:
            sweep_backups(self._house)  # first: whose row is gone, its bytes are left alone
        finally:
            while purge(self._house, self._retention) > 0:
                pass
            self._sweeper.sweep()

    def _import(self, holder: str, key: str) -> None:
        """A task; or all of them: look which wait, and have each done by itself."""
        if key == ALL:
            for task_id in importing.waiting(self._house):
                self._imports.hint(task_id)
        else:
            importing.carry_out(self._house, holder, key)

    def _keep_series(self, key: str) -> None:
        if self._house.series.keep(self._house.clock.now()):
            self._series.again_in(key, SLICE_PAUSE_S)

    def _sweep(self, _key: str) -> None:
        self._house.series.sweep(self._house.clock.now())
        forget_purged(self._house)

    def _audit(self, _key: str) -> None:
        wrong = mend_statuses(self._house) + mend_volumes(self._house) + mend_backups(self._house)
        if wrong:
            log.get(loop="audit").error("statuses_mended", count=wrong)
