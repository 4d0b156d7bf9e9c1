"""What a Neutron client does in a day: networks, addresses, routers, floating IPs, groups, quotas, lists."""

from tests.usecase.networks.conftest import PROJECTS, Neutron, World


def external(neutron: Neutron, cidr: str = "203.0.113.0/24") -> dict[str, str]:
    """An outer network of the administrator's, with addresses."""
    made = neutron.make("networks", "admin", name="public", **{"router:external": True})
    neutron.make("subnets", "admin", network_id=made["id"], cidr=cidr, ip_version=4, enable_dhcp=False)
    return dict(made)


def tenant(neutron: Neutron, cidr: str = "10.0.0.0/24", who: str = "one") -> tuple[str, str]:
    """A network and its subnet."""
    network = neutron.make("networks", who, name="private")["id"]
    return network, neutron.make("subnets", who, network_id=network, cidr=cidr, ip_version=4)["id"]


def test_a_subnet_chooses_gateway_and_pool_and_serves_dhcp(neutron: Neutron) -> None:
    network, subnet = tenant(neutron)
    shown = neutron.get(f"subnets/{subnet}")["subnet"]
    assert shown["gateway_ip"] == "10.0.0.1"
    assert shown["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.0.254"}]
    ports = neutron.get(f"ports?network_id={network}")["ports"]
    assert [p["device_owner"] for p in ports] == ["network:dhcp"]
    assert ports[0]["fixed_ips"] == [{"subnet_id": subnet, "ip_address": "10.0.0.2"}]
    assert neutron.get(f"networks/{network}")["network"]["subnets"] == [subnet]


def test_bad_subnets_are_refused_in_neutrons_words(neutron: Neutron) -> None:
    network, _ = tenant(neutron)

    def refused(**attributes: object) -> tuple[int, str]:
        return neutron.refused("POST", "subnets", {"subnet": {"network_id": network, "ip_version": 4, **attributes}})

    assert refused(cidr="10.0.0.128/25") == (400, "InvalidInput")
    assert refused(cidr="10.1.0.1/24") == (400, "InvalidInput")
    assert refused(cidr="10.1.0.0/31") == (400, "InvalidInput")
    assert refused(cidr="10.1.0.0/24", gateway_ip="10.1.0.255") == (400, "InvalidInput")
    pool = [{"start": "10.1.0.9", "end": "10.1.0.2"}]
    assert refused(cidr="10.1.0.0/24", allocation_pools=pool) == (400, "InvalidAllocationPool")
    pool = [{"start": "10.1.0.1", "end": "10.1.0.9"}]
    assert refused(cidr="10.1.0.0/24", allocation_pools=pool) == (409, "GatewayConflictWithAllocationPools")
    pool = [{"start": "10.1.0.2", "end": "10.1.0.9"}, {"start": "10.1.0.5", "end": "10.1.0.6"}]
    assert refused(cidr="10.1.0.0/24", allocation_pools=pool) == (409, "OverlappingAllocationPools")
    assert refused(cidr="10.1.0.0/24", colour="red") == (400, "HTTPBadRequest")


def test_a_port_has_what_it_asks_for(neutron: Neutron) -> None:
    network, subnet = tenant(neutron)
    first = neutron.make("ports", network_id=network)
    assert first["fixed_ips"] == [{"subnet_id": subnet, "ip_address": "10.0.0.3"}]
    assert first["mac_address"].startswith("fa:16:3e:")
    assert first["status"] == "DOWN"
    assert len(first["security_groups"]) == 1
    wanted = {"network_id": network, "fixed_ips": [{"ip_address": "10.0.0.77"}], "mac_address": "fa:16:3e:00:00:01"}
    made = neutron.make("ports", **wanted)
    assert made["fixed_ips"][0]["ip_address"] == "10.0.0.77"
    assert neutron.refused("POST", "ports", {"port": wanted}) == (409, "MacAddressInUse")
    del wanted["mac_address"]
    assert neutron.refused("POST", "ports", {"port": wanted}) == (409, "IpAddressInUse")
    wanted["fixed_ips"] = [{"ip_address": "10.9.9.9"}]
    assert neutron.refused("POST", "ports", {"port": wanted}) == (400, "InvalidIpForNetwork")
    neutron.drop(f"ports/{made['id']}")
    assert neutron.make("ports", network_id=network)["fixed_ips"][0]["ip_address"] == "10.0.0.4"


def test_a_port_is_readdressed_without_losing_what_it_keeps(neutron: Neutron) -> None:
    network, subnet = tenant(neutron)
    port = neutron.make("ports", network_id=network, fixed_ips=[{"ip_address": "10.0.0.50"}])["id"]
    wanted = [{"ip_address": "10.0.0.50"}, {"subnet_id": subnet, "ip_address": "10.0.0.51"}]
    both = neutron.change(f"ports/{port}", fixed_ips=wanted)
    assert [ip["ip_address"] for ip in both["fixed_ips"]] == ["10.0.0.50", "10.0.0.51"]
    one = neutron.change(f"ports/{port}", fixed_ips=[{"subnet_id": subnet}])
    assert [ip["ip_address"] for ip in one["fixed_ips"]] == ["10.0.0.50"]
    neutron.make("ports", network_id=network, fixed_ips=[{"ip_address": "10.0.0.51"}])
    assert neutron.refused("PUT", f"ports/{port}", {"port": {"fixed_ips": [{"ip_address": "10.0.0.51"}]}}) == (
        409,
        "IpAddressInUse",
    )


def test_a_full_subnet_says_so(neutron: Neutron) -> None:
    network, _ = tenant(neutron, "10.0.0.0/29")
    for _ in range(4):
        neutron.make("ports", network_id=network)
    assert neutron.refused("POST", "ports", {"port": {"network_id": network}}) == (409, "IpAddressGenerationFailure")


def test_a_router_joins_networks_and_leads_out(neutron: Neutron, world: World) -> None:
    world.add_host()
    outer = external(neutron)
    network, subnet = tenant(neutron)
    router = neutron.make("routers", name="r", external_gateway_info={"network_id": outer["id"]})
    assert router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] == "203.0.113.2"
    assert router["external_gateway_info"]["enable_snat"] is True
    leg = neutron.ask("PUT", f"routers/{router['id']}/add_router_interface", {"subnet_id": subnet}).json()
    assert leg["subnet_id"] == subnet
    assert leg["id"] == router["id"]
    port = neutron.get(f"ports/{leg['port_id']}")["port"]
    assert port["fixed_ips"][0]["ip_address"] == "10.0.0.1"
    assert port["device_id"] == router["id"]
    assert port["status"] == "ACTIVE"
    again = neutron.refused("PUT", f"routers/{router['id']}/add_router_interface", {"subnet_id": subnet})
    assert again == (400, "BadRequest")
    assert neutron.refused("DELETE", f"routers/{router['id']}") == (409, "RouterInUse")
    assert neutron.refused("DELETE", f"ports/{leg['port_id']}") == (409, "ServicePortInUse")
    assert neutron.refused("DELETE", f"subnets/{subnet}") == (409, "SubnetInUse")
    assert neutron.refused("DELETE", f"networks/{network}") == (409, "NetworkInUse")
    answer = neutron.ask("PUT", f"routers/{router['id']}/remove_router_interface", {"subnet_id": subnet})
    assert answer.status == 200
    gone = neutron.refused("PUT", f"routers/{router['id']}/remove_router_interface", {"subnet_id": subnet})
    assert gone == (404, "RouterInterfaceNotFound")
    neutron.drop(f"routers/{router['id']}")
    neutron.drop(f"networks/{network}")
    assert neutron.refused("GET", f"subnets/{subnet}") == (404, "SubnetNotFound")


def test_a_floating_ip_needs_a_way(neutron: Neutron, world: World) -> None:
    world.add_host()
    outer = external(neutron)
    network, subnet = tenant(neutron)
    port = neutron.make("ports", network_id=network)
    floating = neutron.make("floatingips", floating_network_id=outer["id"])
    assert floating["status"] == "DOWN"
    path, lead = f"floatingips/{floating['id']}", {"floatingip": {"port_id": port["id"]}}
    assert neutron.refused("PUT", path, lead) == (404, "ExternalGatewayForFloatingIPNotFound")
    router = neutron.make("routers", external_gateway_info={"network_id": outer["id"]})["id"]
    neutron.ask("PUT", f"routers/{router}/add_router_interface", {"subnet_id": subnet})
    led = neutron.change(path, port_id=port["id"])
    assert (led["fixed_ip_address"], led["router_id"]) == (port["fixed_ips"][0]["ip_address"], router)
    assert led["status"] == "ACTIVE"
    other = {"floatingip": {"floating_network_id": outer["id"], "port_id": port["id"]}}
    assert neutron.refused("POST", "floatingips", other) == (409, "FloatingIPPortAlreadyAssociated")
    removal = neutron.refused("PUT", f"routers/{router}/remove_router_interface", {"subnet_id": subnet})
    assert removal == (409, "RouterInterfaceInUseByFloatingIP")
    clear = {"router": {"external_gateway_info": {}}}
    assert neutron.refused("PUT", f"routers/{router}", clear) == (409, "RouterExternalGatewayInUseByFloatingIp")
    assert neutron.change(path, description="kept")["port_id"] == port["id"]
    neutron.drop(f"ports/{port['id']}")
    assert neutron.get(path)["floatingip"]["port_id"] is None
    neutron.drop(path)
    assert neutron.get("floatingips")["floatingips"] == []


def test_routes_lead_to_neighbours(neutron: Neutron) -> None:
    _, subnet = tenant(neutron)
    router = neutron.make("routers")["id"]
    neutron.ask("PUT", f"routers/{router}/add_router_interface", {"subnet_id": subnet})
    lost = {"router": {"routes": [{"destination": "10.9.0.0/16", "nexthop": "192.0.2.1"}]}}
    assert neutron.refused("PUT", f"routers/{router}", lost) == (400, "InvalidRoutes")
    route = {"destination": "10.9.0.0/16", "nexthop": "10.0.0.9"}
    assert neutron.change(f"routers/{router}", routes=[route])["routes"] == [route]
    removal = neutron.refused("PUT", f"routers/{router}/remove_router_interface", {"subnet_id": subnet})
    assert removal == (409, "RouterInterfaceInUseByRoute")
    assert neutron.change(f"routers/{router}/remove_extraroutes", routes=[route])["routes"] == []


def test_groups_have_rules_once(neutron: Neutron) -> None:
    default = neutron.get("security-groups")["security_groups"][0]
    assert default["name"] == "default"
    assert len(default["security_group_rules"]) == 4
    assert neutron.refused("POST", "security-groups", {"security_group": {"name": "default"}})[0] == 409
    group = neutron.make("security-groups", name="web")
    assert {r["direction"] for r in group["security_group_rules"]} == {"egress"}
    rule = {
        "security_group_id": group["id"],
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 80,
        "port_range_max": 80,
    }
    made = neutron.make("security-group-rules", **rule)
    assert made["remote_ip_prefix"] is None
    twice = {"security_group_rule": {**rule, "protocol": 6}}
    assert neutron.refused("POST", "security-group-rules", twice) == (409, "SecurityGroupRuleExists")
    backwards = {"security_group_rule": {**rule, "port_range_min": 90}}
    assert neutron.refused("POST", "security-group-rules", backwards) == (400, "SecurityGroupInvalidPortRange")
    network, _ = tenant(neutron)
    port = neutron.make("ports", network_id=network, security_groups=[group["id"]])
    assert neutron.refused("DELETE", f"security-groups/{group['id']}") == (409, "SecurityGroupInUse")
    neutron.drop(f"ports/{port['id']}")
    neutron.drop(f"security-groups/{group['id']}")
    assert neutron.refused("GET", f"security-group-rules/{made['id']}") == (404, "SecurityGroupRuleNotFound")


def test_projects_do_not_see_each_other(neutron: Neutron) -> None:
    network, subnet = tenant(neutron)
    assert neutron.refused("GET", f"networks/{network}", who="two") == (404, "NetworkNotFound")
    assert neutron.get("networks", "two")["networks"] == []
    port = {"port": {"network_id": network}}
    assert neutron.refused("POST", "ports", port, "two") == (404, "NetworkNotFound")
    neutron.change(f"networks/{network}", "admin", shared=True)
    assert [n["id"] for n in neutron.get("networks", "two")["networks"]] == [network]
    assert [s["id"] for s in neutron.get("subnets", "two")["subnets"]] == [subnet]
    made = neutron.make("ports", "two", network_id=network)
    assert made["project_id"] == PROJECTS["two"]
    mac = {"port": {"network_id": network, "mac_address": "fa:16:3e:00:00:09"}}
    assert neutron.refused("POST", "ports", mac, "two") == (403, "PolicyNotAuthorized")
    rename = {"network": {"name": "mine"}}
    assert neutron.refused("PUT", f"networks/{network}", rename, "two") == (404, "NetworkNotFound")
    unshare = {"network": {"shared": False}}
    assert neutron.refused("PUT", f"networks/{network}", unshare, "admin") == (409, "InvalidSharedSetting")
    assert neutron.refused("POST", "networks", {"network": {"shared": True}}) == (403, "PolicyNotAuthorized")


def test_lists_filter_sort_page_and_choose_fields(neutron: Neutron, world: World) -> None:
    for name in ("c", "a", "b"):
        neutron.make("networks", name=name)
        world.clock.advance(1)
    names = [n["name"] for n in neutron.get("networks?sort_key=name&sort_dir=desc&fields=name")["networks"]]
    assert names == ["c", "b", "a"]
    assert neutron.get("networks?name=a&name=b&fields=name&sort_key=name") == {
        "networks": [{"name": "a"}, {"name": "b"}]
    }
    assert neutron.get("networks?status=DOWN")["networks"] == []
    first = neutron.get("networks?limit=2&sort_key=name")
    assert [n["name"] for n in first["networks"]] == ["a", "b"]
    following = next(link["href"] for link in first["networks_links"] if link["rel"] == "next")
    second = neutron.get(following.partition("/v2.0/")[2])
    assert [n["name"] for n in second["networks"]] == ["c"]
    back = next(link["href"] for link in second["networks_links"] if link["rel"] == "previous")
    assert [n["name"] for n in neutron.get(back.partition("/v2.0/")[2])["networks"]] == ["a", "b"]
    assert neutron.refused("GET", "networks?colour=red") == (400, "HTTPBadRequest")
    assert neutron.refused("GET", "networks?sort_key=colour")[0] == 400


def test_a_page_is_the_same_whoever_cuts_it(neutron: Neutron) -> None:
    network, _ = tenant(neutron)
    for _ in range(5):
        neutron.make("ports", network_id=network)
    by_store = neutron.get(f"ports?limit=3&network_id={network}&sort_key=id")["ports"]
    here = neutron.get(f"ports?limit=3&network_id={network}&sort_key=id&status=DOWN&status=ACTIVE")["ports"]
    assert here == by_store
    found = neutron.get("ports?fixed_ips=ip_address_substr%3D10.0.0")["ports"]
    assert len(found) == 6
    assert len(neutron.get("ports?fixed_ips=ip_address%3D10.0.0.3")["ports"]) == 1


def test_tags_come_go_and_filter(neutron: Neutron) -> None:
    network, _ = tenant(neutron)
    other = neutron.make("networks")["id"]
    before = neutron.get(f"networks/{network}")["network"]["revision_number"]
    assert neutron.ask("PUT", f"networks/{network}/tags", {"tags": ["red", "blue"]}).status == 200
    assert neutron.ask("PUT", f"networks/{other}/tags/red").status == 201
    shown = neutron.get(f"networks/{network}")["network"]
    assert shown["tags"] == ["blue", "red"]
    assert shown["revision_number"] > before

    def listed(query: str) -> set[str]:
        return {n["id"] for n in neutron.get(f"networks?{query}")["networks"]}

    assert listed("tags=red,blue") == {network}
    assert listed("tags-any=blue,red") == {network, other}
    assert listed("not-tags=red,blue") == {other}
    assert listed("not-tags-any=blue") == {other}
    assert neutron.ask("DELETE", f"networks/{network}/tags/red").status == 204
    assert neutron.refused("GET", f"networks/{network}/tags/red") == (404, "TagNotFound")


def test_quotas_bound_and_are_told(neutron: Neutron) -> None:
    tenant(neutron)
    detail = neutron.get(f"quotas/{PROJECTS['one']}/details.json")["quota"]
    assert detail["network"] == {"limit": 100, "used": 1, "reserved": 0}
    limit = {"quota": {"network": 1}}
    assert neutron.refused("PUT", f"quotas/{PROJECTS['one']}", limit) == (403, "PolicyNotAuthorized")
    assert neutron.ask("PUT", f"quotas/{PROJECTS['one']}", limit, "admin").json()["quota"]["network"] == 1
    assert neutron.refused("POST", "networks", {"network": {}}) == (409, "OverQuota")
    assert neutron.refused("PUT", f"quotas/{PROJECTS['one']}", {"quota": {"network": 0}}, "admin")[0] == 400
    neutron.ask("DELETE", f"quotas/{PROJECTS['one']}", who="admin")
    neutron.make("networks")


def test_many_are_made_together_or_not_at_all(neutron: Neutron) -> None:
    made = neutron.ask("POST", "networks", {"networks": [{"name": "a"}, {"name": "b"}]})
    assert made.status == 201
    assert [n["name"] for n in made.json()["networks"]] == ["a", "b"]
    network = made.json()["networks"][0]["id"]
    good = {"network_id": network, "cidr": "10.0.0.0/24", "ip_version": 4}
    answer = neutron.ask("POST", "subnets", {"subnets": [good, {**good, "cidr": "10.0.0.0/25"}]})
    assert answer.status == 400
    assert neutron.get("subnets")["subnets"] == []


def test_a_stale_change_is_refused(neutron: Neutron) -> None:
    network = neutron.make("networks")["id"]
    fresh = neutron.ask("PUT", f"networks/{network}", {"network": {"name": "x"}}, if_match="revision_number=1")
    assert fresh.status == 200
    stale = neutron.refused("PUT", f"networks/{network}", {"network": {"name": "y"}}, if_match="revision_number=1")
    assert stale == (412, "RevisionNumberConstraintFailed")


def test_a_host_that_may_still_have_it_keeps_an_address_from_others(neutron: Neutron, world: World) -> None:
    """Deleted with its host silent: not given away by itself, but to one who asks for exactly it."""
    world.add_host()
    network, subnet = tenant(neutron, "10.0.0.0/29")
    router = neutron.make("routers")["id"]
    leg = neutron.make("ports", network_id=network, fixed_ips=[{"ip_address": "10.0.0.3"}])["id"]
    assert neutron.ask("PUT", f"routers/{router}/add_router_interface", {"port_id": leg}).status == 200
    neutron.ask("PUT", f"routers/{router}/remove_router_interface", {"port_id": leg})
    assert neutron.refused("GET", f"ports/{leg}") == (404, "PortNotFound")
    given = {neutron.make("ports", network_id=network)["fixed_ips"][0]["ip_address"] for _ in range(3)}
    assert given == {"10.0.0.4", "10.0.0.5", "10.0.0.6"}
    assert neutron.refused("POST", "ports", {"port": {"network_id": network}}) == (409, "IpAddressGenerationFailure")
    again = neutron.make("ports", network_id=network, fixed_ips=[{"subnet_id": subnet, "ip_address": "10.0.0.3"}])
    assert again["fixed_ips"][0]["ip_address"] == "10.0.0.3"


def test_discovery_tells_what_is_there(neutron: Neutron, world: World) -> None:
    world.add_host()
    assert {r["collection"] for r in neutron.get("")["resources"]} >= {"networks", "ports", "security_groups"}
    aliases = {e["alias"] for e in neutron.get("extensions")["extensions"]}
    assert {"router", "security-group", "external-net"} <= aliases
    assert neutron.get("extensions/router")["extension"]["alias"] == "router"
    assert neutron.get("agents", "admin")["agents"][0]["alive"] is True
    assert neutron.get("agents")["agents"] == []
    assert neutron.get("availability_zones")["availability_zones"][0]["name"] == "nova"
    nobody = neutron.ask("GET", "networks", who="nobody")
    assert (nobody.status, nobody.json()["error"]["code"]) == (401, 401)


def test_subnets_take_their_blocks_from_a_pool(neutron: Neutron) -> None:
    pool = neutron.make("subnetpools", name="p", prefixes=["10.8.0.0/23"], default_prefixlen=25, min_prefixlen=24)
    assert pool["max_prefixlen"] == "32"
    network = neutron.make("networks")["id"]

    def take(**more: object) -> str:
        made = neutron.make("subnets", network_id=network, ip_version=4, subnetpool_id=pool["id"], **more)
        assert made["subnetpool_id"] == pool["id"]
        return str(made["cidr"])

    assert take() == "10.8.0.0/25"
    assert take(prefixlen=24) == "10.8.1.0/24"
    assert take(cidr="10.8.0.192/26") == "10.8.0.192/26"
    wish = {"network_id": network, "ip_version": 4, "subnetpool_id": pool["id"]}
    assert neutron.refused("POST", "subnets", {"subnet": wish}) == (400, "SubnetAllocationError")
    assert neutron.refused("POST", "subnets", {"subnet": {**wish, "prefixlen": 23}})[0] == 400
    assert neutron.refused("POST", "subnets", {"subnet": {**wish, "cidr": "10.9.0.0/24"}})[0] == 400
    shrunk = {"subnetpool": {"prefixes": ["10.8.0.0/24"]}}
    assert neutron.refused("PUT", f"subnetpools/{pool['id']}", shrunk) == (400, "IllegalSubnetPoolPrefixUpdate")
    assert neutron.refused("DELETE", f"subnetpools/{pool['id']}") == (400, "SubnetPoolInUse")
    grown = neutron.change(f"subnetpools/{pool['id']}", prefixes=["10.8.0.0/22"])
    assert grown["prefixes"] == ["10.8.0.0/22"]
    assert take() == "10.8.2.0/25"


def test_ipv6_guests_make_their_own_addresses_where_hosts_advertise(neutron: Neutron, world: World) -> None:
    network, _ = tenant(neutron)
    wish = {"network_id": network, "ip_version": 6, "cidr": "2001:db8::/64", "ipv6_ra_mode": "slaac"}
    wish["ipv6_address_mode"] = "slaac"
    assert neutron.refused("POST", "subnets", {"subnet": wish})[0] == 400
    world.add_host("six", ("router", "ipv6_ra"))
    before = neutron.make("ports", network_id=network, mac_address="fa:16:3e:00:00:01")["id"]
    odd = {**wish, "ipv6_ra_mode": "dhcpv6-stateful"}
    assert neutron.refused("POST", "subnets", {"subnet": odd}) == (400, "InvalidInput")
    assert neutron.refused("POST", "subnets", {"subnet": {**wish, "cidr": "2001:db8::/80"}}) == (400, "InvalidInput")
    subnet = neutron.make("subnets", **wish)
    made = {"subnet_id": subnet["id"], "ip_address": "2001:db8::f816:3eff:fe00:1"}
    assert made in neutron.get(f"ports/{before}")["port"]["fixed_ips"]
    after = neutron.make("ports", network_id=network, mac_address="fa:16:3e:00:00:02")
    assert [ip["ip_address"] for ip in after["fixed_ips"]] == ["10.0.0.4", "2001:db8::f816:3eff:fe00:2"]
    chosen = {"network_id": network, "fixed_ips": [{"subnet_id": subnet["id"], "ip_address": "2001:db8::5"}]}
    assert neutron.refused("POST", "ports", {"port": chosen}) == (400, "InvalidInput")
    neutron.drop(f"subnets/{subnet['id']}")
    assert made not in neutron.get(f"ports/{before}")["port"]["fixed_ips"]


def test_the_port_that_serves_dhcp_is_not_its_users_to_delete(neutron: Neutron) -> None:
    network, subnet = tenant(neutron)
    port = neutron.get(f"ports?network_id={network}")["ports"][0]["id"]
    assert neutron.refused("DELETE", f"ports/{port}") == (409, "ServicePortInUse")
    neutron.drop(f"subnets/{subnet}")
    assert neutron.get(f"ports?network_id={network}")["ports"] == []
