"""What the agent process is made of, on a real host: inside the cloud's own namespaces, where it is root."""

import os
import shutil
import socket
import time
from functools import partial
from pathlib import Path

from kumoi.adapters.libvirt import accelerator, daemon
from kumoi.adapters.libvirt.accelerator import Trial
from kumoi.adapters.libvirt.compute import ComputeSettings, LibvirtCompute
from kumoi.adapters.libvirt.domain_xml import DomainSettings
from kumoi.adapters.libvirt.gauges import LibvirtGauges
from kumoi.adapters.link_http import HttpLink
from kumoi.adapters.linux import namespace, vlan_programs
from kumoi.adapters.linux.config_files import config_files
from kumoi.adapters.linux.dnsmasq import DnsmasqGuestServices
from kumoi.adapters.linux.guests import LinuxGuestServices
from kumoi.adapters.linux.network import LinuxNetwork
from kumoi.adapters.storage.files import FileStorage
from kumoi.adapters.storage.iscsi.exporter import IscsiExporter
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.adapters.storage.volume_files import FileVolumePool
from kumoi.adapters.system import SystemChance, SystemClock
from kumoi.agent.agent import Agent
from kumoi.agent.drivers import Drivers, Manner
from kumoi.agent.hands import Papers, Tools
from kumoi.agent.journal import FileJournal
from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.contracts.guests import GuestServices
from kumoi.core.disks import PoolOffer
from kumoi.core.exports import INITIATES
from kumoi.core.hosts import Capacity
from kumoi.core.plan import Hello
from kumoi.core.qos import GUARANTEES, LIMITS
from kumoi.core.subnet_rules import ADVERTISES
from kumoi.core.trunks import CARRIES
from kumoi.runtime import listeners
from kumoi.runtime.settings import Network, Settings
from kumoi.runtime.state_folder import StateFolder

# Paths inside (see runtime.state_folder).
IMAGES = Path("/var/lib/libvirt/images")
CONSOLES = Path("/var/log/libvirt/consoles")
SERIALS = Path("/run/kumoi/serials")
RECORDS = Path("/var/lib/libvirt/kumoi")
GUESTD = Path("/run/kumoi/guestd.sock")
DNSMASQ = Path("/run/kumoi/dnsmasq")
EXPORTS = Path("/run/kumoi/exports")
INITIATOR = "block-iscsi.so"  # QEMU's own, in a package by itself
EMULATOR = str(daemon.EMULATORS / "qemu-system-x86_64")
POOL = "files"  # of volumes; every host has this one
KEPT_FREE_MIB = 1024


def agent(settings: Settings) -> Agent:
    """Ready to start; libvirtd and serve need not be there yet."""
    state = StateFolder(settings.state)
    CONSOLES.mkdir(parents=True, exist_ok=True)
    boot_id = namespace.boot_id(state)
    accelerates = accelerator.choose(
        settings.compute.accelerator,
        Trial(emulator=EMULATOR, kernel=str(IMAGES / "vmlinuz"), uid=daemon.QEMU_UID, gid=daemon.QEMU_UID),
        daemon.URI,
        RECORDS / "accelerator.json",
    )
    domain = DomainSettings(accelerator=accelerates, emulator=EMULATOR, consoles=str(CONSOLES), serials=str(SERIALS))
    compute = LibvirtCompute(ComputeSettings(uri=daemon.URI, domain=domain, boot_id=boot_id, records=RECORDS))
    network = LinuxNetwork(vlan_programs.given(listeners.inherited()), uplink=settings.network.uplink)
    owner = Owner(uid=daemon.QEMU_UID, gid=daemon.QEMU_UID)
    storage = FileStorage(IMAGES, owner)
    drivers = Drivers(
        compute=compute,
        gauges=LibvirtGauges(daemon.URI),
        network=network,
        storage=storage,
        pools={POOL: FileVolumePool(IMAGES / "volumes", storage.layers, owner)},
        guests=_guest_services(settings.network),
        config_files=partial(config_files, settings.network.http_proxy),
        exporter=IscsiExporter(EXPORTS, settings.storage.portal, owner) if settings.storage.portal else None,
    )
    hello = Hello(
        name=settings.cloud.host_name or socket.gethostname(),
        boot_id=boot_id,
        capacity=_capacity(settings.network),
        capabilities=capabilities(settings.network, takes_tags=network.takes_tags()),
        accelerator=accelerates,
        booted_at=float(int(time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))),
        pools=(_pool(settings.storage.portal),),
    )
    papers = Papers(Ledger(FileJournal(RECORDS / "ledger")), Notebook(FileJournal(RECORDS / "notebook")))
    tools = Tools(clock=SystemClock(), chance=SystemChance(), manner=Manner(sample_s=settings.metrics.sample_s))
    return Agent(hello, drivers, papers, HttpLink(state.link_socket), tools)


def _guest_services(network: Network) -> GuestServices:
    if network.dhcp == "dnsmasq":
        return DnsmasqGuestServices(GUESTD, DNSMASQ, network.http_proxy)
    return LinuxGuestServices(GUESTD, network.http_proxy)


def capabilities(network: Network, *, takes_tags: bool) -> tuple[str, ...]:
    """What this version's drivers can do on a real host; frames are taken apart where kernel or machine let us."""
    promises = network.bandwidth_mbps or network.packet_rate_kpps
    may = ((GUARANTEES, promises), (CARRIES, takes_tags), (INITIATES, initiates()))
    return ("router", ADVERTISES, LIMITS, *(word for word, can in may if can))


def initiates() -> bool:
    """Whether guests can reach volumes of other hosts."""
    return any(Path("/usr/lib").glob(f"*/qemu/{INITIATOR}"))


def _pool(portal: str) -> PoolOffer:
    return PoolOffer(name=POOL, driver="files", total_gib=shutil.disk_usage(IMAGES).total >> 30, portal=portal)


def _capacity(network: Network) -> Capacity:
    """The machine's, less what the cloud itself and its host want."""
    meminfo = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total_mib = int(meminfo["MemTotal"].split()[0]) // 1024
    return Capacity(
        vcpus=os.cpu_count() or 1,
        memory_mib=max(0, total_mib - KEPT_FREE_MIB),
        disk_gib=shutil.disk_usage(IMAGES).free >> 30,
        egress_kbps=network.bandwidth_mbps * 1000,
        ingress_kbps=network.bandwidth_mbps * 1000,
        kpps=network.packet_rate_kpps,
    )
