"""What all parts of one agent share: the drivers, the papers, the scene, and the two loops."""

from typing import Final

import msgspec

from kumoi.agent.drivers import Drivers, Manner
from kumoi.agent.held import Held
from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.agent.progress import Progress
from kumoi.agent.pump import Pump
from kumoi.agent.scene import Scene
from kumoi.contracts.chance import Chance
from kumoi.contracts.clock import Clock
from kumoi.contracts.link import Link
from kumoi.runtime.loop import Loop

NETWORK: Final = "network"
LAYERS: Final = "layers"
REPORT: Final = "report"
FETCH: Final = "fetch"


class Papers(msgspec.Struct, frozen=True):
    """What outlives the agent's process: the plan, and what was remembered of the guests."""

    ledger: Ledger
    notebook: Notebook


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    clock: Clock
    chance: Chance
    manner: Manner
    pump: Pump | None = None  # where several hosts share one


class Hands:
    """`loop` works on the world, `talk` with control. `cleared`: guests may be started (two copies never).

    `disks`: those of instances and volumes that somebody is at, by id. `stilled`: guests that stand still for a moment
    because one of their volumes is frozen together with another guest's."""

    def __init__(self, drivers: Drivers, papers: Papers, link: Link, tools: Tools) -> None:
        self.drivers = drivers
        self.ledger = papers.ledger
        self.notebook = papers.notebook
        self.link = link
        self.clock = tools.clock
        self.manner = tools.manner
        self.scene = Scene(drivers, tools.clock)
        self.progress = Progress()
        self.pump = tools.pump or Pump(tools.clock)
        self.disks = Held()
        self.stilled = Held()
        self.cleared = False
        self.loop: Loop
        self.talk: Loop

    def changed(self) -> None:
        """Something is worth a report; what comes within a few milliseconds goes with it."""
        self.talk.again_in(REPORT, self.manner.gather_s)
