"""Where everything stands in the picture of a project's networks. Pure: a topology in, figures out.

Outer networks are rails on top, routers stand below them, and every network is a lane with its instances in it. Lanes
begin at the line that comes down from their router; the lanes of a router further right lie higher, so that no line
crosses a lane that it does not join (but for a network that several routers join).
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from kumoi.app.networks.topology import Topology
from kumoi.core.instances import Instance
from kumoi.core.networks import Network
from kumoi.core.nics import Nic
from kumoi.core.vpcs import Vpc

MARGIN: Final = 16
STEP: Final = 24  # between the lines that come down
ROUTER_W: Final = 184
ROUTER_H: Final = 52
ROUTER_GAP: Final = 20
UP: Final = 44  # from a router to the rail above
HEAD_H: Final = 34
CHIP_W: Final = 172
CHIP_H: Final = 46
CHIP_GAP: Final = 12
LANE_GAP: Final = 20
LEAST_CHIPS: Final = 4  # beside each other, however few there are
MOST_CHIPS: Final = 6


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """An instance on one network. `again`: it stands on an earlier lane too."""

    x: int
    y: int
    instance: Instance
    addresses: tuple[str, ...]
    public: tuple[str, ...]
    again: bool


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    x: int
    y: int
    width: int
    height: int
    network: Network
    cidrs: tuple[str, ...]
    chips: tuple[Chip, ...]


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A router. `outer`: its addresses outside. `joins`: the networks that it has a leg on."""

    x: int
    y: int
    vpc: Vpc
    outer: tuple[str, ...]
    joins: tuple[Network, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` down: a router's, beside the lanes; in: from there into a lane; up: to an outer network."""

    kind: Literal["up", "down", "in"]
    x1: int
    y1: int
    x2: int
    y2: int


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    width: int
    height: int
    rails: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    left_out: int

    @property
    def empty(self) -> bool:
        return not (self.rails or self.boxes or self.lanes)


class _Ground(NamedTuple):
    """Where a lane may be."""

    x: int
    y: int
    width: int


class _Plan:
    """What is looked up while drawing."""

    def __init__(self, of: Topology) -> None:
        self.of = of
        self.cidrs: dict[str, tuple[str, ...]] = {}
        for subnet in of.subnets:
            self.cidrs[subnet.network_id] = (*self.cidrs.get(subnet.network_id, ()), subnet.cidr)
        self.instances: dict[str, Instance] = {i.id: i for i in of.instances}
        self.on: dict[str, list[Nic]] = {}
        for nic in sorted((n for n in of.nics if n.instance_id in self.instances), key=self._order):
            self.on.setdefault(nic.network_id, []).append(nic)
        self.joined: dict[str, list[str]] = {}  # networks by router
        for leg in of.legs:
            if leg.vpc_id and leg.network_id not in self.joined.setdefault(leg.vpc_id, []):
                self.joined[leg.vpc_id].append(leg.network_id)
        self.public: dict[str, tuple[str, ...]] = {}
        for address in of.public:
            if address.nic_id:
                self.public[address.nic_id] = (*self.public.get(address.nic_id, ()), address.address)
        self.column: dict[str, int] = {v.id: place for place, v in enumerate(of.vpcs)}

    def _order(self, nic: Nic) -> tuple[str, int, str]:
        return self.instances[nic.instance_id or ""].name, nic.slot, nic.id

    def columns_of(self, network: Network) -> list[int]:
        """The places of the routers that join it, from the left."""
        return sorted(self.column[v] for v, joined in self.joined.items() if network.id in joined and v in self.column)

    def lanes(self) -> list[Network]:
        """From above: those of the rightmost router first, those of none last."""

        def key(network: Network) -> tuple[int, str, str]:
            columns = self.columns_of(network)
            return (-columns[0] if columns else 1, network.name, network.id)

        return sorted((n for n in self.of.networks if not n.external), key=key)


def draw(of: Topology) -> Drawing:
    plan = _Plan(of)
    outer = [n for n in of.networks if n.external]
    count = len(of.vpcs)
    left = MARGIN + (count + 1) * STEP if count else MARGIN
    beside = max([LEAST_CHIPS, *(min(MOST_CHIPS, len(nics)) for nics in plan.on.values())])
    width = max(left + _wide(beside) + MARGIN, MARGIN * 2 + count * (ROUTER_W + ROUTER_GAP))
    y = MARGIN
    rails = []
    for network in outer:
        rails.append(_lane(plan, network, _Ground(MARGIN, y, width - 2 * MARGIN), set()))
        y += rails[-1].height + LANE_GAP
    box_y = y - LANE_GAP + UP if outer else y
    boxes = list(_boxes(plan, box_y))
    y = box_y + ROUTER_H + UP if boxes else y
    lanes: list[Lane] = []
    shown: set[str] = set()
    for network in plan.lanes():
        columns = plan.columns_of(network)
        x = _line_x(columns[0]) + STEP if columns else left
        lanes.append(_lane(plan, network, _Ground(x, y, width - MARGIN - x), shown))
        y += lanes[-1].height + LANE_GAP
    lines = (*_up(boxes, rails), *_down(plan, boxes, lanes))
    return Drawing(
        width=width,
        height=y - LANE_GAP + MARGIN if lanes else y + MARGIN,
        rails=tuple(rails),
        boxes=tuple(boxes),
        lanes=tuple(lanes),
        lines=lines,
        left_out=of.left_out,
    )


def _wide(chips: int) -> int:
    return chips * (CHIP_W + CHIP_GAP) + CHIP_GAP


def _line_x(column: int) -> int:
    return MARGIN + STEP // 2 + column * STEP


def _lane(plan: _Plan, network: Network, ground: _Ground, shown: set[str]) -> Lane:
    """`shown`: the instances that stand on a lane already; those of this one are added."""
    x, y, width = ground
    beside = max(1, (width - CHIP_GAP) // (CHIP_W + CHIP_GAP))
    chips = []
    for place, nic in enumerate(plan.on.get(network.id, ())):
        row, column = divmod(place, beside)
        instance = plan.instances[nic.instance_id or ""]
        chips.append(
            Chip(
                x=x + CHIP_GAP + column * (CHIP_W + CHIP_GAP),
                y=y + HEAD_H + row * (CHIP_H + CHIP_GAP),
                instance=instance,
                addresses=tuple(ip.address for ip in nic.fixed_ips),
                public=plan.public.get(nic.id, ()),
                again=instance.id in shown,
            )
        )
    shown |= {c.instance.id for c in chips}
    rows = -(-len(chips) // beside)
    height = HEAD_H + rows * (CHIP_H + CHIP_GAP) if rows else HEAD_H
    return Lane(
        x=x,
        y=y,
        width=width,
        height=height,
        network=network,
        cidrs=plan.cidrs.get(network.id, ()),
        chips=tuple(chips),
    )


def _boxes(plan: _Plan, y: int) -> Iterator[Box]:
    networks: dict[str, Network] = {n.id: n for n in plan.of.networks}
    gateways = {n.id: n for n in plan.of.gateways}
    for place, vpc in enumerate(plan.of.vpcs):
        gateway = gateways.get(vpc.gateway_nic_id) if vpc.gateway_nic_id else None
        yield Box(
            x=MARGIN + place * (ROUTER_W + ROUTER_GAP),
            y=y,
            vpc=vpc,
            outer=tuple(ip.address for ip in gateway.fixed_ips) if gateway is not None else (),
            joins=tuple(networks[n] for n in plan.joined.get(vpc.id, ()) if n in networks),
        )


def _up(boxes: list[Box], rails: list[Lane]) -> Iterator[Line]:
    by_network = {r.network.id: r for r in rails}
    for box in boxes:
        rail = by_network.get(box.vpc.external_network_id) if box.vpc.external_network_id else None
        if rail is not None:
            x = box.x + ROUTER_W // 2
            yield Line(kind="up", x1=x, y1=rail.y + rail.height, x2=x, y2=box.y)


def _down(plan: _Plan, boxes: list[Box], lanes: list[Lane]) -> Iterator[Line]:
    """From a router's foot aside to its own line, down to its last lane, and into each."""
    bend = UP - 8
    for place, box in enumerate(boxes):
        mine = [lane for lane in lanes if place in plan.columns_of(lane.network)]
        if not mine:
            continue
        x, foot, from_x = _line_x(place), box.y + ROUTER_H, box.x + ROUTER_W // 2
        turn = foot + bend * (place + 1) // (len(boxes) + 1)
        yield Line(kind="down", x1=from_x, y1=foot, x2=from_x, y2=turn)
        yield Line(kind="down", x1=from_x, y1=turn, x2=x, y2=turn)
        yield Line(kind="down", x1=x, y1=turn, x2=x, y2=mine[-1].y + HEAD_H // 2)
        for lane in mine:
            yield Line(kind="in", x1=x, y1=lane.y + HEAD_H // 2, x2=lane.x, y2=lane.y + HEAD_H // 2)
