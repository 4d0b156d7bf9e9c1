"""Generated from the routes themselves: who may not, cannot. No token, another project's, a reader's, one without a
project. A route added tomorrow is tried as well."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.openstack.compute.versions import MOST as COMPUTE_MOST
from kumoi.api.openstack.image.schemas import SCHEMAS
from kumoi.api.openstack.placement.versions import MOST as PLACEMENT_MOST
from kumoi.api.openstack.volume.tongue import ELDER
from kumoi.api.openstack.volume.versions import MOST as VOLUME_MOST
from kumoi.api.web.visits import token_for
from kumoi.app import keypairs
from kumoi.app.identity import people, tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.identity.web_sessions import Browser, digest_of, open_session
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.networks.address_groups import AddressGroupWish, create_address_group
from kumoi.app.networks.address_scopes import AddressScopeWish, create_address_scope
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.nic_doors import create_nics
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.public_addresses import PublicWish, create_public_address
from kumoi.app.networks.qos_policies import QosPolicyWish, create_qos_policy
from kumoi.app.networks.security_groups import GroupWish, create_groups
from kumoi.app.networks.shares import ShareWish, create_share
from kumoi.app.networks.subnet_pools import SubnetPoolWish, create_subnet_pool
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.networks.trunks import TrunkWish, create_trunk
from kumoi.app.networks.vpcs import VpcWish, create_vpc
from kumoi.app.volumes import group_snapshots, snapshots, transfers
from kumoi.app.volumes import groups as volume_groups
from kumoi.app.volumes.create import VolumeWish
from kumoi.app.volumes.create import create as create_volume
from kumoi.app.volumes.groups import GroupWish as VolumeGroupWish
from kumoi.app.volumes.snapshots import SnapshotWish
from kumoi.cmd.serve import tongues
from kumoi.contracts.store import Transaction
from kumoi.core.ids import FlavorId, NetworkId, ProjectId, UserId
from kumoi.core.policy import ACTIONS
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import Project, User
from kumoi.core.trunks import CARRIES
from kumoi.core.volume_group_types import DEFAULT_GROUP_TYPE
from kumoi.core.volume_types import DEFAULT_TYPE
from kumoi.runtime.settings import load

VERSIONED: Final = {"compute": COMPUTE_MOST, "placement": PLACEMENT_MOST, "volume": VOLUME_MOST}
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
SIGNED: Final = frozenset({"ec2", "sts"})  # by signatures, not tokens: see test_every_action_is_guarded.py
WEB_FORM: Final = b"name=x&act=delete&ids=%s&labels=a%%3Db"  # what a form of the dashboard could do harm with
STREAMS: Final = frozenset({"/feed"})  # which end when their listener goes: only their heads are asked for
READS: Final = frozenset({"GET", "HEAD"})
# What these tell is the same for everybody who has a token (agents: to all but administrators, none).
TOLD_TO_ALL: Final = frozenset({
    "/compute/v2.1/os-availability-zone", f"/compute/v2.1/os-quota-sets/{NOBODY}/defaults",
    "/network/v2.0", "/network/v2.0/agents", "/network/v2.0/availability_zones", "/network/v2.0/extensions",
    f"/network/v2.0/extensions/{NOBODY}", f"/network/v2.0/quotas/{NOBODY}/default", "/network/v2.0/service-providers",
    *(f"/image/v2/schemas/{path}" for path in SCHEMAS),
})  # fmt: skip
WORDS: Final = {"os-services": "enable", "startup": "startup", "tags": "blue"}
Who_ = Literal["stranger", "reader", "unscoped", "system"]


class Try(NamedTuple):
    """One request, made out of a route. `owned`: its path names a thing of the demo project."""

    tongue: str
    route: Route
    target: str
    owned: bool

    def __str__(self) -> str:
        key = f" {self.route.body_key}" if self.route.body_key else ""
        return f"{self.route.method} {self.target}{key}"


class Guarded:
    """A cloud in which the demo project has one of everything, and those who have nothing to do with it."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cloud = Cloud(folder, capabilities=("router", CARRIES))
        self._runner = runner
        spoken = tongues(self.cloud.house, load(folder, {}), lambda: self.app.waiters)
        self.app = Edge(spoken, now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        self.cloud.settle()
        self.things = self._things()
        self.secrets: dict[str, str] = {}  # of browsers' sessions, by the token of the same person
        self.tokens = self._tokens()

    def _things(self) -> dict[str, str]:
        """The demo project's, by the word that comes before their id in a path."""
        house, mine = self.cloud.house, self.cloud.call()
        wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=self.cloud.image())
        server = run.run(house, mine, wish)[0]
        self.cloud.settle()
        network = create_networks(house, mine, (NetworkWish(name="n"),))[0].network.id
        subnet = create_subnets(house, mine, (SubnetWish(network_id=network, cidr="10.9.0.0/24"),))[0].subnet.id
        group = create_groups(house, mine, (GroupWish(name="g"),))[0]
        outer = house.store.read(lambda tx: tx.networks.find(Query(filters=(eq("external", value=True),))))[0]
        nic = house.store.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", server.id),))))[0]
        keypairs.create(house, mine, "key", None)
        return {
            "servers": server.id,
            "series": server.id,
            "instances": server.id,
            "images": self._private_image(),
            "networks": network,
            "os-networks": network,
            "os-tenant-networks": network,
            "subnets": subnet,
            **self._shared_things(network),
            **self._volume_things(),
            "ports": nic.id,
            "routers": create_vpc(house, mine, VpcWish(name="r")).vpc.id,
            "security-groups": group.group.id,
            "rules": group.rules[0].id,
            "os-security-groups": group.group.id,
            "security-group-rules": group.rules[0].id,
            "os-security-group-rules": group.rules[0].id,
            "floatingips": (public := create_public_address(house, mine, PublicWish(network_id=outer.id)).public.id),
            "os-floating-ips": public,
            "floating-ips": public,
            "os-keypairs": "key",
            "projects": self.cloud.project,
            "users": mine.actor.user_id,
            "flavors": "1",
        }

    def _shared_things(self, network: NetworkId) -> dict[str, str]:
        house, mine = self.cloud.house, self.cloud.call()
        pool = create_subnet_pool(house, mine, SubnetPoolWish(prefixes=("10.80.0.0/16",))).pool
        provider = self.cloud.call(admin=True)
        policy = create_qos_policy(house, provider, QosPolicyWish(name="q")).policy
        (parent,) = create_nics(house, mine, (NicWish(network_id=network),))
        wish = ShareWish(kind="network", object_id=network, action="use", target=NOBODY)
        return {
            "subnetpools": pool.id,
            "policies": policy.id,
            "trunks": create_trunk(house, mine, TrunkWish(nic_id=parent.nic.id)).trunk.id,
            "address-groups": create_address_group(house, mine, AddressGroupWish(name="a")).group.id,
            "address-scopes": create_address_scope(house, mine, AddressScopeWish(name="s", ip_version=4)).scope.id,
            "rbac-policies": create_share(house, mine, wish).id,
        }

    def _volume_things(self) -> dict[str, str]:
        """A volume with a snapshot, one in a group that was taken, and one that is offered to others."""
        house, mine = self.cloud.house, self.cloud.call()
        wish = VolumeGroupWish(name="g", type_name=DEFAULT_GROUP_TYPE.id, volume_types=(DEFAULT_TYPE.id,))
        group = volume_groups.make(house, mine, wish).group.id
        first, _, third = (
            create_volume(house, mine, VolumeWish(size_gib=1, group_id=in_group)).volume.id
            for in_group in (None, group, None)
        )
        self.cloud.settle()
        offered = transfers.offer(house, mine, third, "t").transfer.id
        return {
            "volumes": first,
            "snapshots": snapshots.create(house, mine, SnapshotWish(volume_id=first)).snapshot.id,
            "groups": group,
            "group_snapshots": group_snapshots.take(house, mine, group, "s", "").snapshot.id,
            "volume-transfers": offered,
            "os-volume-transfer": offered,
        }

    def _private_image(self) -> str:
        image_id = self.cloud.image(b"\1" * 4096)

        def hide(tx: Transaction) -> None:
            image = tx.images.get(image_id)
            assert image is not None
            tx.images.save(msgspec.structs.replace(image, visibility="private"))

        self.cloud.store.write(hide)
        return image_id

    def _tokens(self) -> dict[Who_, str]:
        house, admin = self.cloud.house, self.cloud.call(admin=True)
        other = people.create_project(house, admin, Project(id=ProjectId(""), account="", name="other"))

        def user(name: str, project: str, role: str) -> str:
            made = people.create_user(house, admin, User(id=UserId(""), name=name, password_hash=""), "p")
            people.assign(house, admin, made.id, project, role)
            return str(made.id)

        def token(user_id: str, scope: Scope) -> str:
            made: str = tokens.by_password(house, Who(user_id=user_id), "p", scope).token
            browser = Browser(agent="", address="")
            known = tokens.check_password(house, Who(user_id=user_id), "p")
            self.secrets[made] = open_session(house, "req-1", known, browser)[0]
            return made

        nobody = user("nobody", "", "reader")
        stranger = user("stranger", other.id, "member")
        reader = user("reader", self.cloud.project, "reader")
        operator = user("operator", "", "admin")
        return {
            "stranger": token(stranger, Scope(project_id=other.id)),
            "reader": token(reader, Scope(project_id=self.cloud.project)),
            "unscoped": token(nobody, Scope(unscoped=True)),
            "system": token(operator, Scope(system=True)),
        }

    def tries(self) -> Iterator[Try]:
        """Every route that asks who calls, and does not ask it by a signature; Cinder's by their newer paths alone."""
        for tongue, route in self.app.router:
            if not route.anonymous and tongue.name not in SIGNED and not route.path.startswith(ELDER):
                yield self._try(tongue, route)

    def _try(self, tongue: Tongue, route: Route) -> Try:
        before, owned, parts = "", False, []
        for part in route.path.strip("/").split("/"):
            if part.startswith("{"):
                owned = owned or (before in self.things and before != "flavors")
                parts.append(self.things.get(before) or WORDS.get(before) or NOBODY)
            else:
                parts.append(part)
            before = part
        return Try(tongue.name, route, f"{tongue.prefix.rstrip('/')}/{'/'.join(parts)}", owned)

    def ask(self, one: Try, token: str | None) -> Answer:
        if one.tongue == "web":
            return self._visit(one, self.secrets.get(token or "", token))
        headers = [] if token is None else [("x-auth-token", token)]
        if one.tongue in VERSIONED:
            last = one.route.max_version or VERSIONED[one.tongue]
            headers.append(("openstack-api-version", f"{one.tongue} {last[0]}.{last[1]}"))
        body = None if one.route.method in READS else msgspec.json.encode(a_body(one.route))
        if body is not None:
            kind = "application/octet-stream" if one.route.streamed else "application/json"
            if one.route.method == "PATCH" and one.tongue == "image":
                kind, body = "application/openstack-images-v2.1-json-patch", b"[]"
            headers.append(("content-type", kind))
        return self._runner.run(call(self.app, one.route.method, one.target, headers, body))

    def _visit(self, one: Try, secret: str | None) -> Answer:
        """The dashboard is asked with a browser's cookie, and by its forms."""
        headers, body = [("content-type", "application/x-www-form-urlencoded")], None
        if secret is not None:
            headers.append(("cookie", f"kumoi={secret}"))
            found = self.cloud.store.read(
                lambda tx: tx.web_sessions.find(Query(filters=(eq("digest", digest_of(secret)),)))
            )
            project = found[0].project_id if found else ""
            headers.append(("x-csrf-token", token_for(secret, project, b"m" * 16)))
        if one.route.method not in READS:
            body = b"" if one.route.streamed else WEB_FORM % self.things["servers"].encode()
        method = "HEAD" if one.target in STREAMS else one.route.method
        return self._runner.run(call(self.app, method, one.target, headers, body))

    def owned_rows(self) -> list[Any]:
        """Everything of the demo project that a stranger could harm."""

        def read(tx: Transaction) -> list[Any]:
            mine = Query(filters=(eq("project_id", self.cloud.project),))
            kinds: tuple[Any, ...] = (
                tx.instances, tx.images, tx.networks, tx.subnets, tx.subnet_pools, tx.address_scopes,
                tx.shares, tx.qos_policies, tx.address_groups, tx.nics, tx.trunks, tx.vpcs, tx.public_addresses,
                tx.security_groups, tx.security_rules, tx.key_pairs, tx.access_keys,
                tx.volumes, tx.volume_snapshots, tx.volume_groups, tx.group_snapshots, tx.volume_transfers,
            )  # fmt: skip
            return [sorted(kind.find(mine), key=lambda row: row.id) for kind in kinds]

        return self.cloud.store.read(read)

    def close(self) -> None:
        self.app.close()
        self.cloud.close()


def a_body(route: Route) -> Any:
    """The least that a route's type takes, so that it is not the body that is refused."""
    if route.body_type is not None:
        return least(route.body_type)
    return {} if route.body_key is None else {route.body_key: None}


def least(kind: Any) -> Any:
    """A value of a type, with nothing that may be left out."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind, include_extras=False)
        return {f.encode_name: least(hints[f.name]) for f in msgspec.structs.fields(kind) if f.required}
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in {list, tuple}:
        return []
    if origin is dict or kind is dict:
        return {}
    if inner:  # a union: its first member
        return least(inner[0])
    return {bool: True, int: 1, float: 1.0, str: "x"}.get(kind, None if kind is type(None) else {})


def refusals(route: Route) -> set[int]:
    """What may be said to one who may not: with a body, that it is wrong as well."""
    return {403, 404} if route.method in {*READS, "DELETE"} else {400, 403, 404, 415, 422}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with asyncio.Runner() as runner:
        made = Guarded(tmp_path_factory.mktemp("guarded"), runner)
        yield made
        made.close()


def test_nobody_is_answered_without_a_token(guarded: Guarded) -> None:
    for token in (None, "", "gAAAAA" + "A" * 100):
        assert {str(one) for one in guarded.tries() if guarded.ask(one, token).status != 401} == set()


def test_signed_services_refuse_what_is_not_signed(guarded: Guarded) -> None:
    for tongue, route in guarded.app.router:
        if tongue.name in SIGNED:
            target = f"{tongue.prefix}?Action=DescribeInstances"
            answer = guarded.ask(Try(tongue.name, route, target, owned=False), None)
            assert answer.status in {401, 403}, (route.method, tongue.prefix, answer.status)


def test_another_projects_member_finds_nothing_of_ours(guarded: Guarded) -> None:
    """Whatever it does, it is refused: by 403 or 404 where no body could be at fault; and nothing of ours changes."""
    before = guarded.owned_rows()
    let_through = {}
    for one in guarded.tries():
        if one.owned:
            status = guarded.ask(one, guarded.tokens["stranger"]).status
            if status not in refusals(one.route):
                let_through[str(one)] = status
    assert let_through == {}
    assert guarded.owned_rows() == before


def test_a_reader_writes_nothing(guarded: Guarded) -> None:
    before = guarded.owned_rows()
    let_through = {}
    for one in guarded.tries():
        if ACTIONS.get(one.route.action or "", "any") not in {"any", "reader"}:
            status = guarded.ask(one, guarded.tokens["reader"]).status
            if status not in refusals(one.route):
                let_through[str(one)] = status
    assert let_through == {}
    assert guarded.owned_rows() == before


def test_a_token_without_a_project_does_nothing_in_one(guarded: Guarded) -> None:
    let_through = {}
    for one in guarded.tries():
        if ACTIONS.get(one.route.action or "", "any") != "any" and one.target not in TOLD_TO_ALL:
            status = guarded.ask(one, guarded.tokens["unscoped"]).status
            if status not in refusals(one.route):
                let_through[str(one)] = status
    assert let_through == {}


def test_an_operator_without_a_project_breaks_nothing(guarded: Guarded) -> None:
    """What needs a project is refused to a token for the system; nothing is a fault of ours."""
    wrong = {}
    for one in guarded.tries():
        if one.route.method in READS:
            answer = guarded.ask(one, guarded.tokens["system"])
            if answer.status >= 500 and answer.status not in {501, 503}:  # 503: here no host answers
                wrong[str(one)] = answer.status
    assert wrong == {}


def test_every_action_of_a_route_is_in_the_policy(guarded: Guarded) -> None:
    unknown = {one.route.action for one in guarded.tries() if one.route.action not in ACTIONS}
    assert unknown == set()
