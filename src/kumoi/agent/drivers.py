"""What a host acts with, and how it behaves: the drivers of its world and the agent's few numbers."""

from collections.abc import Callable, Mapping

import msgspec

from kumoi.contracts.compute import Compute
from kumoi.contracts.exports import Exporter
from kumoi.contracts.gauges import Gauges
from kumoi.contracts.guests import GuestServices
from kumoi.contracts.network import Network
from kumoi.contracts.storage import Storage
from kumoi.contracts.volumes import VolumePool
from kumoi.core.plan import InstanceEntry, NicEntry, SubnetEntry

ConfigFiles = Callable[[InstanceEntry, list[NicEntry], list[SubnetEntry]], dict[str, bytes]]


class Drivers(msgspec.Struct, frozen=True, kw_only=True):
    """`config_files`: what stands on an instance's config drive, by path (pure). `pools` of volumes, by name;
    `exporter`: how other hosts reach what is in them, None: they do not."""

    compute: Compute
    gauges: Gauges
    network: Network
    storage: Storage
    pools: Mapping[str, VolumePool]
    guests: GuestServices
    config_files: ConfigFiles
    exporter: Exporter | None = None


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """`starts`: guests started at the same time, layers brought included. `soft_s`: patience with one that is to stop.

    `spread`: see `runtime.loop.Pace`. `gather_s`: changes within this time go into one report; `heartbeat_s`: an
    unchanged one is told again after it. `poll_s`: how long a fetch waits for news; 0: not at all, and the next one
    comes after `idle_s`. `sample_s`: how often guests are measured; 0: never.
    """

    starts: int = 2
    threads: int = 4
    soft_s: float = 60.0
    resync_s: float = 10.0
    spread: float = 0.1
    gather_s: float = 0.02
    heartbeat_s: float = 9.0
    poll_s: float = 25.0
    idle_s: float = 0.5
    sample_s: float = 10.0
