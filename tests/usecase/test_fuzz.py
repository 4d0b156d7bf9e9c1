"""Junk for every route, by dice that fall the same each time: never a fault of ours, never a half-made thing after a
refusal. A finding is told whole by its message, so nothing has to be shrunk.

Inputs are counted, not timed. Callers are let in without a token: what they may send is what is tried.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import quote, urlencode

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.aws.models import Shape
from kumoi.api.aws.models import load as load_model
from kumoi.api.edge.app import Edge
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.link.routes import tongue as link_tongue
from kumoi.api.openstack.network import RESOURCES
from kumoi.app import keypairs
from kumoi.app.identity.tokens import Who, check_password
from kumoi.app.identity.web_sessions import Browser, open_session, visitor_of
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.security_groups import GroupWish, create_groups
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.networks.vpcs import VpcWish, create_vpc
from kumoi.cmd.serve import tongues
from kumoi.contracts.store import Transaction
from kumoi.core.ids import FlavorId, ec2_id
from kumoi.core.query import Query, eq
from kumoi.core.quotas import ClaimKind
from kumoi.runtime.settings import load

INPUTS: Final = 3000  # of OpenStack's kind; a third as many of AWS's, a tenth of the link's
SEED: Final = 0  # any other will do to look for what nobody knows yet
AWS: Final = frozenset({"ec2", "sts"})
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
NOT_BUILT: Final = 501
WORDS: Final = (
    *("limit", "marker", "sort_key", "sort_dir", "sort", "fields", "id", "name", "status", "tags", "not-tags-any"),
    *("all_tenants", "changes-since", "network_id", "fixed_ips", "page_reverse", "device_id", "flavor", "image"),
    *("deleted", "host", "ip", "visibility", "size_min", "member_status", "created_at", "user_id", "project_id"),
    *("X-Amz-Date", "Action", "nocatalog", "minDisk", "is_public", "tenant_id", "cidr", "mac_address", "\0"),
)
PLAIN: Final = (
    *(None, True, False, 0, 1, -1, 22, 65535, 65536, 2**31, 2**63, 2**70, -(2**70), 1.5, 1e308, ""),
    *(" ", "x" * 300, "é\0", "\ud7ff", "雲居", "1" * 5000, "-1", "1e9", "NaN", "null", "%00", "../../etc/passwd"),
    *("10.9.0.5", "10.9.0.0/24", "10.9.0.0/33", "10.9.0.300", "0.0.0.0/0", "::/0", "2001:db8::/64", "fe80::1%eth0"),
    *("169.254.169.254", "00:11:22:33:44:55", "00:11", "ff:ff:ff:ff:ff:ff", "tcp", "icmp", "any", "ingress", "IPv4"),
    *("2026-13-45T99:99:99Z", "2026-11-20T00:00:00Z", "i-00000000000000000", "i-", "sg-x", "-", "a=b", "key:value"),
    *([], [None], ["x"], [[]], {}, {"a": 1}, {"": None}, {"uuid": NOBODY}, {"port_range_min": -1}),
    *({"ip_address": "10.9.0.9"}, {"start": "10.9.0.9", "end": "10.9.0.3"}, {"subnet_id": NOBODY}),
)
ENDS: Final = ("", "", "", ".1", ".1", ".1.Name", ".1.Value.1", ".0", ".x", ".999999")
LAST: Final = ("Delete", "Terminate", "Release", "Deregister")
CLAIMS: Final[tuple[ClaimKind, ...]] = get_args(ClaimKind)
T = TypeVar("T")


class Dice(random.Random):
    """What is sent, and how odd it is."""

    def seldom(self, sides: int) -> bool:
        """Once in so many times."""
        return self.randrange(sides) == 0

    def some(self, those: Sequence[T], most: int) -> list[T]:
        return [self.choice(those) for _ in range(self.randint(0, most) if those else 0)]

    def text(self, most: int) -> str:
        """Of letters of every kind, now and then with what is none."""
        return "".join(
            chr(self.choice((self.randrange(128), self.randrange(0xD800)))) for _ in range(self.randint(0, most))
        )

    def junk(self, depth: int = 2) -> Any:
        kind = self.randrange(6 if depth else 4)
        if kind == 5:
            return {self.text(8): self.junk(depth - 1) for _ in range(self.randint(0, 3))}
        if kind == 4:
            return [self.junk(depth - 1) for _ in range(self.randint(0, 3))]
        number = self.choice((self.randrange(-(2**70), 2**70), self.uniform(-1e300, 1e300), self.randint(-9, 300)))
        return (self.choice(PLAIN), self.choice(PLAIN), self.text(12), number)[kind]


class Target:
    """A cloud with one of everything. `ids` are of things that are there; `tally` counts answers by their status."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cloud = Cloud(folder)
        self.cloud.settle()
        self.ids = self._things()
        browser = Browser(agent="", address="")
        user = check_password(self.cloud.house, Who(user_name="admin"), "a")
        secret, _ = open_session(self.cloud.house, "req-1", user, browser)
        actor = visitor_of(self.cloud.house, secret)
        public = tongues(self.cloud.house, load(folder, {}), lambda: self.app.waiters)
        spoken = [msgspec.structs.replace(t, authenticate=lambda _request: actor) for t in public]
        spoken.append(link_tongue(self.cloud.house, lambda: self.app.waiters))
        self.app = Edge(spoken, now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        self._runner = runner
        self.tally: Counter[tuple[str, int]] = Counter()
        self._rows = self.rows()

    def _things(self) -> tuple[str, ...]:
        house, mine = self.cloud.house, self.cloud.call()
        image = self.cloud.image()
        server = run.run(house, mine, RunWish(name="a", flavor_id=FlavorId("1"), image_id=image))[0]
        self.cloud.settle()
        network = create_networks(house, mine, (NetworkWish(name="n"),))[0].network.id
        subnet = create_subnets(house, mine, (SubnetWish(network_id=network, cidr="10.9.0.0/24"),))[0].subnet.id
        group = create_groups(house, mine, (GroupWish(name="g"),))[0].group.id
        vpc = create_vpc(house, mine, VpcWish(name="r")).vpc.id
        keypairs.create(house, mine, "key", None)
        nic = house.store.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", server.id),))))[0]
        both = {"i": server.id, "ami": image, "sg": group, "vpc": vpc, "subnet": subnet, "eni": nic.id}
        foreign = [ec2_id(prefix, one) for prefix, one in both.items()]  # type: ignore[arg-type]
        return (server.id, image, network, subnet, group, vpc, nic.id, self.cloud.project, "key", "1", *foreign)

    def try_one(self, tongue: Tongue, route: Route, target: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Ask, and hold the answer to what is promised of every answer."""
        answer = self._ask(route.method, target, headers, body)
        said = (tongue.name, route.method, target, headers, body[:2000], answer.status, answer.body[:500])
        assert answer.status < 500 or answer.status == NOT_BUILT, said
        self.tally[tongue.name, answer.status // 100] += 1
        rows = self.rows()
        if answer.status >= 400:
            assert rows == self._rows, said
        self._rows = rows

    def _ask(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        return self._runner.run(call(self.app, method, target, headers, body or None))

    def rows(self) -> list[Any]:
        """How many there are of everything, and what the counters say."""

        def read(tx: Transaction) -> list[Any]:
            kinds: tuple[Any, ...] = (
                tx.instances, tx.placements, tx.images, tx.layers, tx.networks, tx.subnets, tx.subnet_pools, tx.nics,
                tx.vpcs, tx.public_addresses, tx.security_groups, tx.security_rules, tx.key_pairs, tx.access_keys,
                tx.flavors, tx.projects, tx.users, tx.domains, tx.assignments, tx.hosts, tx.revoked_tokens,
            )  # fmt: skip
            counts = [kind.count(Query()) for kind in kinds]
            claims = [len(tx.claims.with_prefix(kind, "")) for kind in CLAIMS]
            used = [(c.scope, c.resource, c.used) for s in ("project/", "host/") for c in tx.counters.under(s)]
            return [counts, claims, used]

        return self.cloud.store.read(read)

    def routes(self, aws: bool, link: bool = False) -> list[tuple[Tongue, Route]]:
        """All that answers requests: websockets are tried in test_console_talk.py."""
        plain = [(t, r) for t, r in self.app.router if r.method != "WEBSOCKET"]
        return [(t, r) for t, r in plain if (t.name in AWS) is aws and (t.name == "link") is link]

    def close(self) -> None:
        self.app.close()
        self.cloud.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with asyncio.Runner() as runner, closing(Target(tmp_path_factory.mktemp("fuzz"), runner)) as made:
        yield made


# --- what is sent ---------------------------------------------------------------------------------------


def value(dice: Dice, kind: Any, ids: tuple[str, ...], name: str = "") -> Any:
    """Mostly something of that type that such a name may have, else anything."""
    if dice.seldom(10):
        return dice.junk()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        fields = [f for f in msgspec.structs.fields(kind) if f.required or dice.seldom(4)]
        return {f.encode_name: value(dice, hints[f.name], ids, f.name) for f in fields}
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return dice.choice(inner)
    if origin in {list, tuple} and inner:
        return [value(dice, inner[0], ids, name) for _ in range(dice.randint(0, 2))]
    if origin is dict and inner:
        return {dice.text(6): value(dice, inner[1], ids, name)}
    if inner:
        return value(dice, dice.choice(inner), ids, name)
    if kind is str:
        return text_for(dice, name, ids)
    if kind in {int, float}:
        return dice.choice((0, 1, 4, 6, 22, 80, 100, 1000, 65535, -1))
    return dice.seldom(2) if kind is bool else dice.junk()


def text_for(dice: Dice, name: str, ids: tuple[str, ...]) -> str:
    """By the words in a field's name."""
    name = name.lower()
    if name.endswith(("id", "ref", "uuid", "port", "security_groups")):
        return str(dice.choice(ids))
    if "cidr" in name or "prefix" in name:
        return str(dice.choice(("10.9.1.0/24", "10.9.0.0/16", "2001:db8::/64", "0.0.0.0/0", "10.9.0.1/24")))
    if "ip" in name or "address" in name or name in {"start", "end", "nexthop"}:
        return str(dice.choice(("10.9.0.5", "10.9.0.6", "172.24.4.9", "2001:db8::5", "10.9.0.255")))
    return str(dice.choice((*ids, "a", "b", *(p for p in PLAIN if isinstance(p, str)))))


def body_of(dice: Dice, tongue: Tongue, route: Route, ids: tuple[str, ...]) -> bytes:
    manner = dice.randrange(12)
    if manner == 0:
        return dice.choice((b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 3000))
    if manner == 1:
        return msgspec.json.encode(dice.junk())
    for resource in RESOURCES:
        if tongue.name == "network" and route.path in {resource.path, f"{resource.path}/{{id}}"}:
            struct = resource.new if route.method == "POST" else resource.change
            return msgspec.json.encode({resource.singular: value(dice, struct, ids)})
    if route.body_type is not None:
        return msgspec.json.encode(value(dice, route.body_type, ids))
    return msgspec.json.encode({route.body_key: dice.junk()} if route.body_key else dice.junk())


def path_of(dice: Dice, tongue: Tongue, route: Route, ids: tuple[str, ...]) -> str:
    if route.method == "DELETE" and not dice.seldom(10):
        ids = (NOBODY,)  # or soon there would be nothing left to try things on
    parts = []
    for part in route.path.strip("/").split("/"):
        if part.startswith("{"):
            text = dice.choice((*ids, *ids, NOBODY, *(p for p in PLAIN if isinstance(p, str) and p)))
            parts.append(quote(text[:200], safe=""))
        else:
            parts.append(part)
    return f"{tongue.prefix}/{'/'.join(parts)}".rstrip("/") or "/"


def query_of(dice: Dice, ids: tuple[str, ...]) -> str:
    if not dice.seldom(3):
        return ""
    return "?" + urlencode([(word, str(dice.choice((*ids, *PLAIN)))[:200]) for word in dice.some(WORDS, 3)])


def headers_of(dice: Dice, tongue: Tongue) -> list[tuple[str, str]]:
    if not dice.seldom(4):
        plain = [("content-type", "application/json")]
        return [*plain, ("openstack-api-version", "compute 2.74")] if tongue.name == "compute" else plain
    found = [("content-type", dice.choice((*["application/json"] * 8, "text/plain", "", "a/b;c=d")))]
    version = dice.choice(("", "2.1", "2.74", "2.93", "2.99", "latest", "x", "2." + "9" * 50, "1.1"))
    if tongue.name == "compute" and version:
        found.append(("openstack-api-version", f"compute {version}"))
    odd = (("accept-language", "ja;q=x"), ("if-match", "revision_number=x"), ("range", "bytes=9-1"),
           ("x-subject-token", "gAAAAA"), ("x-auth-token", "\xff"), ("forwarded", "for="), ("accept", ""),
           ("x-forwarded-proto", "gopher"), ("x-openstack-request-id", "req-x"), ("host", "[::"),
           ("x-openstack-nova-api-version", "9"), ("transfer-encoding", "chunked"), ("expect", "x"))  # fmt: skip
    return found + dice.some(odd, 2)


# --- the trials -----------------------------------------------------------------------------------------


def test_no_junk_is_a_fault_of_ours(target: Target) -> None:
    routes = target.routes(aws=False)
    of_each = [[(t, r) for t, r in routes if t.name == name] for name in sorted({t.name for t, _ in routes})]
    dice = Dice(SEED + 1)
    for _ in range(INPUTS):
        tongue, route = dice.choice(
            dice.choice((routes, *of_each))
        )  # one of few routes is tried as much as one of many
        where = path_of(dice, tongue, route, target.ids) + query_of(dice, target.ids)
        reads = route.method in {"GET", "HEAD"}
        body = b"" if reads else body_of(dice, tongue, route, target.ids)
        target.try_one(tongue, route, where, headers_of(dice, tongue), body)
    # Not all of it was refused at the door, and the cloud still answers.
    for name in ("compute", "network", "image", "identity"):
        assert target.tally[name, 2] > 5, target.tally
        assert target.tally[name, 4] > 20, target.tally


def test_no_junk_is_a_fault_of_ours_to_aws(target: Target) -> None:
    routes = {tongue.name: (tongue, route) for tongue, route in target.routes(aws=True) if route.method == "POST"}
    models = {name: load_model(name) for name in routes}

    dice = Dice(SEED + 2)
    for _ in range(INPUTS // 3):
        name = dice.choice(("ec2",) * 9 + ("sts",))
        tongue, route = routes[name]
        model = models[name]
        action = dice.choice(sorted(model.operations))
        ids = (NOBODY,) if action.startswith(LAST) and not dice.seldom(10) else target.ids
        given_input = model.operations[action].input
        shape = model.shapes[given_input.shape] if given_input is not None else Shape(type="structure")
        more = dice.some(sorted(shape.members), 3)
        pairs = []
        for member in sorted({*shape.required, *more}):
            odd = dice.seldom(5)
            sent = dice.choice(PLAIN) if odd else text_for(dice, member, ids)
            pairs.append((f"{member}{dice.choice(ENDS)}", sent))
        fields = [("Action", action), ("Version", model.metadata.version), *((k, str(v)[:300]) for k, v in pairs)]
        headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
        target.try_one(tongue, route, f"{tongue.prefix}/", headers, urlencode(fields).encode())

    assert target.tally["ec2", 2] > 5, target.tally
    assert target.tally["ec2", 4] > 20, target.tally


def test_no_junk_is_a_fault_of_ours_to_agents(target: Target) -> None:
    routes = target.routes(aws=False, link=True)

    dice = Dice(SEED + 3)
    for _ in range(INPUTS // 10):
        tongue, route = dice.choice(routes)
        body = b"" if route.method == "GET" else body_of(dice, tongue, route, target.ids)
        target.try_one(tongue, route, path_of(dice, tongue, route, target.ids), [], body)

    assert target.tally["link", 4] > 20, target.tally
