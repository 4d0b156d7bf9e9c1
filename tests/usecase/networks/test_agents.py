"""Hosts as Neutron's agents, and routers carried from one to another."""

from msgspec.structs import replace
from tests.usecase.networks.conftest import Neutron, World
from tests.usecase.networks.planned import entries
from tests.usecase.networks.test_neutron import tenant

from kumoi.app.networks.reading import there
from kumoi.control.binding import bind_routers
from kumoi.core.plan import VpcEntry


def agents(neutron: Neutron, asked: str = "") -> dict[tuple[str, str], str]:
    found = neutron.get(f"agents{asked}", "admin")["agents"]
    return {(a["host"], a["agent_type"]): a["id"] for a in found}


def test_every_host_is_several_agents(neutron: Neutron, world: World) -> None:
    world.add_host("a")
    world.add_host("b", capabilities=())
    found = agents(neutron)
    assert sorted(found) == [
        ("a", "DHCP agent"), ("a", "Kumoi agent"), ("a", "L3 agent"), ("b", "DHCP agent"), ("b", "Kumoi agent"),
    ]  # fmt: skip
    assert sorted(agents(neutron, "?agent_type=dhcp%20agent&host=a")) == [("a", "DHCP agent")]
    shown = neutron.get(f"agents/{found['a', 'L3 agent']}", "admin")["agent"]
    assert (shown["binary"], shown["alive"], shown["admin_state_up"]) == ("kumoi-agent", True, True)
    assert neutron.refused("DELETE", f"agents/{found['a', 'L3 agent']}", who="admin")[0] == 409
    assert neutron.refused("DELETE", f"agents/{world.house.chance.uuid()}", who="admin")[0] == 404


def test_a_note_stays_and_a_switch_is_the_hosts(neutron: Neutron, world: World) -> None:
    world.add_host("a")
    found = agents(neutron)

    def put(kind: str, **change: object) -> dict[str, object]:
        answer = neutron.ask("PUT", f"agents/{found['a', kind]}", {"agent": change}, who="admin")
        assert answer.status == 200, answer.body
        return dict(answer.json()["agent"])

    assert put("L3 agent", description="rack 3")["description"] == "rack 3"
    assert put("DHCP agent", admin_state_up=False)["admin_state_up"] is False
    shown = neutron.get(f"agents/{found['a', 'L3 agent']}", "admin")["agent"]
    assert (shown["admin_state_up"], shown["description"]) == (False, "rack 3")
    assert put("L3 agent", admin_state_up=True, description="")["description"] == ""


def test_a_router_is_carried_elsewhere(neutron: Neutron, world: World) -> None:
    first, second = world.add_host("a"), world.add_host("b")
    found = agents(neutron)
    network, subnet = tenant(neutron)
    router = neutron.make("routers")["id"]
    neutron.ask("PUT", f"routers/{router}/add_router_interface", {"subnet_id": subnet})
    (hosting,) = neutron.get(f"routers/{router}/l3-agents", "admin")["agents"]
    here, there = hosting["host"], "b" if hosting["host"] == "a" else "a"
    section = {"a": f"host/{first}", "b": f"host/{second}"}
    wanted = {"router_id": router}
    path = {name: f"agents/{found[name, 'L3 agent']}/l3-routers" for name in ("a", "b")}
    assert neutron.refused("POST", path[there], wanted, who="admin") == (409, "RouterHostedByL3Agent")
    assert neutron.refused("DELETE", f"{path[there]}/{router}", who="admin") == (409, "RouterNotHostedByL3Agent")
    neutron.drop(f"{path[here]}/{router}", who="admin")
    assert neutron.get(f"routers/{router}/l3-agents", "admin")["agents"] == []
    assert entries(world, section[here], VpcEntry) == []
    assert neutron.ask("POST", path[there], wanted, who="admin").status == 201
    assert [v.id for v in entries(world, section[there], VpcEntry)] == [router]
    assert [r["id"] for r in neutron.get(path[there], "admin")["routers"]] == [router]
    assert neutron.refused("GET", path[there])[0] == 403
    assert neutron.refused("GET", f"agents/{found['a', 'DHCP agent']}/l3-routers", who="admin")[0] == 404
    assert neutron.get(f"networks/{network}/dhcp-agents", "admin")["agents"] == []


def test_a_router_of_a_lost_host_is_carried_elsewhere_or_waits(neutron: Neutron, world: World) -> None:
    lost = world.add_host("a")
    moves, stays = (neutron.make("routers", "admin", ha=ha)["id"] for ha in (True, False))
    assert "ha" not in neutron.make("routers")
    assert neutron.refused("POST", "routers", {"router": {"ha": True}})[0] == 403
    assert neutron.refused("POST", "routers", {"router": {"distributed": True}})[0] == 403
    world.add_host("b")
    world.house.store.write(lambda tx: tx.hosts.save(replace(there(tx.hosts.get(lost), "host", lost), lost=True)))
    bind_routers(world.house)

    def carried_by(router: str) -> str:
        return str(neutron.get(f"routers/{router}/l3-agents", "admin")["agents"][0]["host"])

    assert (carried_by(moves), carried_by(stays)) == ("b", "a")
    neutron.change(f"routers/{stays}", "admin", ha=True)
    bind_routers(world.house)
    assert carried_by(stays) == "b"
