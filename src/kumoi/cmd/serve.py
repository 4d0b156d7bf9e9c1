"""The serve process: tongues, doors and control's loops behind sockets that the supervisor opened. Unprivileged."""

import argparse
import asyncio
import gc
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry, Histogram

from kumoi.api.aws.ec2.tongue import tongue as ec2_tongue
from kumoi.api.aws.s3 import tongue as s3_tongue
from kumoi.api.aws.sts import tongue as sts_tongue
from kumoi.api.edge.access import Access
from kumoi.api.edge.app import Edge
from kumoi.api.edge.openapi import tongue as openapi_tongue
from kumoi.api.edge.parts import without
from kumoi.api.edge.rates import Rates
from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.server import run, server
from kumoi.api.edge.sockets import SocketRules
from kumoi.api.edge.tls import Certificate
from kumoi.api.edge.waiters import Waiters
from kumoi.api.link.pacing import Pacer
from kumoi.api.link.routes import tongue as link_tongue
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute.tongue import tongue as compute_tongue
from kumoi.api.openstack.identity import tongue as identity_tongue
from kumoi.api.openstack.image import tongue as image_tongue
from kumoi.api.openstack.network import tongue as network_tongue
from kumoi.api.openstack.placement.tongue import tongue as placement_tongue
from kumoi.api.openstack.volume.tongue import tongue as volume_tongue
from kumoi.api.operator import tongue as operator_tongue
from kumoi.api.operator.scrape import tongue as scrape_tongue
from kumoi.api.web.assets import Assets
from kumoi.api.web.assets import tongue as assets_tongue
from kumoi.api.web.front import Site as WebSite
from kumoi.api.web.tongue import tongue as web_tongue
from kumoi.app.founding import found_networks
from kumoi.app.house import House
from kumoi.app.identity.bootstrap import FirstUser, Made, bootstrap
from kumoi.app.images.upload import forget_uploads
from kumoi.cmd.wiring.certificate import certificate, trusted, url
from kumoi.cmd.wiring.serve import house as make_house
from kumoi.cmd.wiring.serve import resolver
from kumoi.control.loops import Control
from kumoi.control.purge import Retention
from kumoi.ops import credentials
from kumoi.runtime import log, settings
from kumoi.runtime.listeners import inherited_listeners, open_tcp, open_unix
from kumoi.runtime.settings import Settings
from kumoi.runtime.state_folder import StateFolder

# Dialects that OpenAPI can describe: AWS's are not told by their paths, and pages are for people.
DESCRIBED = frozenset({"identity", "image", "compute", "network", "volume", "placement", "operator"})


def main() -> None:
    """`--state DIR`. Without sockets from a supervisor it opens its own (a trial by hand)."""
    parser = argparse.ArgumentParser(prog="kumoi serve")
    parser.add_argument("--state", type=Path, required=True)
    chosen = settings.load(parser.parse_args().state)
    log.configure("serve", chosen.log.level)
    sockets = inherited_listeners() or _own_sockets(chosen)
    registry = CollectorRegistry()
    house = make_house(chosen, _commits(registry).observe)
    control = Control(
        house,
        f"{socket.gethostname()}/{os.getpid()}",
        Retention(instances_s=chosen.retention.terminated_s),
    )
    tls = certificate(chosen)
    _found(house, chosen, sockets)
    _quiet_collector()
    control.start()
    if "resolver" in sockets:
        resolver(chosen, sockets["resolver"]).start()
    try:
        run(_serve(house, chosen, sockets, registry, tls))
    finally:
        control.stop()
        house.series.close()
        house.store.close()


def _quiet_collector() -> None:
    """What start-up made stays for good; big lists are no reason to look at all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def tongues(
    house: House, chosen: Settings, waiters: Callable[[], Waiters], registry: CollectorRegistry | None = None
) -> list[Tongue]:
    """Everything that the public listener speaks. `waiters` are its edge's own; `registry`: what /metrics shows beside
    the cloud's own numbers."""
    off = house.rules.off
    site = Site(public_url=chosen.api.public_url, region=chosen.cloud.region, off=off.services)
    assets = Assets()
    here = WebSite(public_url=chosen.api.public_url, region=chosen.cloud.region)
    spoken = [
        identity_tongue(house, site),
        image_tongue(house, site),
        compute_tongue(house, site),
        network_tongue(house, site),
        volume_tongue(house, site),
        placement_tongue(house),
        operator_tongue(house),
        scrape_tongue(house, registry or CollectorRegistry(), credentials.scrape_secret(chosen.state / "keys")),
        ec2_tongue(house),
        sts_tongue(house),
        assets_tongue(assets),
        web_tongue(house, here, assets, waiters),
    ]
    spoken = without(spoken, off)
    return [*spoken, openapi_tongue([one for one in spoken if one.name in DESCRIBED])]


def _commits(registry: CollectorRegistry) -> Histogram:
    buckets = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 5.0)
    return Histogram("kumoi_store_commit_seconds", "Until a batch of writes is on the disk", registry=registry,
                     buckets=buckets)  # fmt: skip


async def _serve(
    house: House,
    chosen: Settings,
    sockets: dict[str, socket.socket],
    registry: CollectorRegistry,
    tls: Certificate | None,
) -> None:
    access = Access(registry)
    public: Edge = _edge(house, tongues(house, chosen, lambda: public.waiters, registry), access, "api")
    public.sockets = SocketRules(origins=(chosen.api.public_url,) if chosen.api.public_url else ())
    inner: Edge = _edge(house, [link_tongue(house, lambda: inner.waiters)], access, "link")
    pacer = Pacer(asyncio.get_running_loop(), inner.waiters.wake)
    house.hints.subscribe("section", pacer.hint)
    house.hints.subscribe("instance", public.waiters.wake)
    if chosen.api.requests_per_s:
        public.rates = Rates(chosen.api.requests_per_s, house.clock.monotonic)
    servers = [server(public, tls), server(inner), server(_edge(house, [s3_tongue()], access, "s3"), tls)]
    groups = (("api", "inner"), ("link",), ("s3",))
    jobs = [
        asyncio.create_task(one.serve(sockets=[sockets[name] for name in names if name in sockets]))
        for one, names in zip(servers, groups, strict=True)
        if names[0] in sockets
    ]
    fresh = asyncio.create_task(tls.keep_fresh()) if tls is not None else None
    await _until_first_ends(jobs, servers)
    if fresh is not None:
        fresh.cancel()


async def _until_first_ends(jobs: Sequence["asyncio.Task[None]"], servers: Sequence[uvicorn.Server]) -> None:
    """One signal ends one server; the others follow it."""
    await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    for one in servers:
        one.should_exit = True
    await asyncio.gather(*jobs)


def _edge(house: House, spoken: Sequence[Tongue], access: Access, name: str) -> Edge:
    return Edge(spoken, now=house.clock.now, new_id=house.chance.uuid, access=access, name=name)


def _found(house: House, chosen: Settings, sockets: dict[str, socket.socket]) -> None:
    """The first users, and the files by which clients find the cloud (written at every start: ports may have moved)."""
    passwords = credentials.passwords(chosen.state / "keys")
    made = bootstrap(house, _first_users(passwords))
    admin: Made = made[0]
    found_networks(house, admin.user_id, admin.key_project_id, chosen.network.public_cidr)
    forget_uploads(house)
    site = credentials.Site(
        url=chosen.api.public_url or url(chosen, sockets["api"]),
        region=chosen.cloud.region,
        ca=trusted(chosen),
    )
    keys = credentials.Keys(access=admin.access, secret=admin.secret)
    credentials.write_clients(chosen.state, site, passwords, keys)


def _first_users(passwords: credentials.Passwords) -> tuple[FirstUser, ...]:
    admin = FirstUser(
        name="admin",
        password=passwords.admin,
        roles=(("admin", "admin"), ("demo", "admin"), ("", "admin")),
        key_project="demo",
    )
    demo = FirstUser(
        name="demo", password=passwords.demo, roles=(("demo", "member"), ("demo", "reader")), key_project="demo"
    )
    return admin, demo


def _own_sockets(chosen: Settings) -> dict[str, socket.socket]:
    state = StateFolder(chosen.state)
    state.prepare()
    return {
        "api": open_tcp(chosen.api.host, chosen.api.port, movable=not chosen.explicit("api.port")),
        "link": open_unix(state.link_socket),
    }


if __name__ == "__main__":
    main()
