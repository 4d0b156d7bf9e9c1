"""What users ask of networks: segments, nics, routers, public addresses, security groups."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.machines.record import Public, Router
from tests.machines.stage import Stage

from kumoi.app.networks import networks, nic_doors, public_addresses, security_groups, subnets, vpc_legs, vpcs
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.nics import NicWish
from kumoi.core.errors import InUse, Invalid, NoAddress, NotFound, QuotaExceeded, Taken
from kumoi.core.groups import RuleWish
from kumoi.core.ids import GroupId, NicId, SubnetId, VpcId
from kumoi.core.vpcs import PublicAddress


class NetworkRules(Stage):
    # --- segments ------------------------------------------------------------------------------

    @rule()
    def make_a_network(self) -> None:
        """With few addresses, so that they have to be given again soon."""
        if len(self.record.networks) >= 5:
            return
        self.count += 1
        view = networks.create_networks(self.house, self.call(), (networks.NetworkWish(name=f"net-{self.count}"),))[0]
        self.record.networks[view.network.id] = set()
        wish = subnets.SubnetWish(network_id=view.network.id, cidr=f"10.1.{self.count}.0/29")
        made = subnets.create_subnets(self.house, self.call(), (wish,))[0].subnet
        self.record.networks[view.network.id].add(made.id)
        self.record.subnets[made.id] = (view.network.id, made.cidr)
        self.record.chosen.add(f"{made.id}/{made.gateway}")

    @rule(data=st.data())
    def delete_a_network(self, data: st.DataObject) -> None:
        network = self.pick(data, self.record.networks)
        busy = any(nic.network == network for nic in self.record.nics.values()) or any(
            self.record.network_of(subnet) == network
            for router in self.record.routers.values()
            for subnet, _ in router.legs.values()
        )
        if len(self.record.networks) == 1:
            return
        refusals = (InUse,) if busy else ()
        self.ask(lambda: networks.delete_network(self.house, self.call(), network) or True, *refusals)
        if not busy:
            for subnet in self.record.networks.pop(network):
                del self.record.subnets[subnet]

    # --- nics ----------------------------------------------------------------------------------

    @rule(data=st.data(), chosen=st.booleans())
    def make_a_nic(self, data: st.DataObject, chosen: bool) -> None:
        ready = [n for n, found in self.record.networks.items() if found]
        if not ready:
            return
        network = self.pick(data, ready)
        fixed: tuple[FixedWish, ...] | None = None
        if chosen:
            subnet = self.pick(data, self.record.networks[network])
            last = data.draw(st.integers(2, 5))
            address = f"{self.record.subnets[subnet][1].rpartition('.')[0]}.{last}"
            self.record.chosen.add(f"{subnet}/{address}")
            fixed = (FixedWish(subnet_id=subnet, address=address),)
        groups = (GroupId(self.pick(data, self.record.groups)),)
        wish = NicWish(network_id=network, fixed_ips=fixed, group_ids=groups)
        made = self.ask(
            lambda: nic_doors.create_nics(self.house, self.call(), (wish,)), NoAddress, Taken, QuotaExceeded
        )
        if made is not None:
            self.learn_nic(made[0].nic)

    @precondition(lambda self: self.record.free_nics())
    @rule(data=st.data())
    def delete_a_nic(self, data: st.DataObject) -> None:
        nic = self.pick(data, self.record.free_nics())
        nic_doors.delete_nic(self.house, self.call(), nic)
        self.record.forget_nic(nic)

    @precondition(lambda self: self.record.nics)
    @rule(data=st.data())
    def change_groups(self, data: st.DataObject) -> None:
        nic = self.record.nics[self.pick(data, self.record.nics)]
        groups = data.draw(st.sets(st.sampled_from(sorted(self.record.groups)), min_size=0, max_size=2))
        change = nic_doors.NicChange(group_ids=tuple(sorted(groups)))
        nic_doors.update_nic(self.house, self.call(), nic.id, change)
        nic.groups = set(groups)

    @precondition(lambda self: self.record.nics)
    @rule(data=st.data(), last=st.integers(2, 6))
    def move_to_another_address(self, data: st.DataObject, last: int) -> None:
        """Any other on the same subnet, whether or not a host has the nic."""
        nic = self.record.nics[self.pick(data, self.record.nics)]
        if not nic.places:
            return
        if any(public.nic == nic.id for public in self.record.publics.values()):
            return
        subnet = nic.places[0][0]
        address = f"{self.record.subnets[subnet][1].rpartition('.')[0]}.{last}"
        self.record.chosen.add(f"{subnet}/{address}")
        change = nic_doors.NicChange(fixed_ips=(FixedWish(subnet_id=subnet, address=address),))
        moved = self.ask(lambda: nic_doors.update_nic(self.house, self.call(), nic.id, change), Taken)
        if moved is not None:
            nic.places = [(subnet, address)]

    # --- routers -------------------------------------------------------------------------------

    @rule(gateway=st.booleans())
    def make_a_router(self, gateway: bool) -> None:
        if len(self.record.routers) >= 4:
            return
        wish = vpcs.VpcWish(gateway=vpcs.GatewayWish(network_id=self.record.outer) if gateway else None)
        made = vpcs.create_vpc(self.house, self.call(), wish).vpc
        self.record.routers[made.id] = Router(made.id, gateway=gateway)

    def router(self, data: st.DataObject) -> Router:
        return self.record.routers[self.pick(data, self.record.routers)]

    @precondition(lambda self: self.record.routers)
    @rule(data=st.data())
    def delete_a_router(self, data: st.DataObject) -> None:
        router = self.router(data)
        refusals = (InUse,) if router.legs or self.record.floating(router.id) else ()
        self.ask(lambda: vpcs.delete_vpc(self.house, self.call(), router.id) or True, *refusals)
        if not refusals:
            del self.record.routers[router.id]

    @precondition(lambda self: self.record.routers)
    @rule(data=st.data())
    def add_a_leg(self, data: st.DataObject) -> None:
        router = self.router(data)
        subnet = self.pick(data, (s for s, (n, _) in self.record.subnets.items() if n != self.record.outer))
        wish = vpc_legs.LegWish(subnet_id=subnet)
        made = self.ask(
            lambda: vpc_legs.add_leg(self.house, self.call(), router.id, wish), Invalid, Taken, QuotaExceeded
        )
        if made is not None:
            router.legs[made.nic.id] = (made.nic.fixed_ips[0].subnet_id, made.nic.fixed_ips[0].address)

    @precondition(lambda self: any(router.legs for router in self.record.routers.values()))
    @rule(data=st.data())
    def remove_a_leg(self, data: st.DataObject) -> None:
        router = self.record.routers[self.pick(data, (r.id for r in self.record.routers.values() if r.legs))]
        nic = self.pick(data, router.legs)
        if self.needed(router.id, router.legs[nic][0]):
            self.ask(lambda: self.take_leg(router, nic), InUse)
        else:
            self.take_leg(router, nic)

    def take_leg(self, router: Router, nic: NicId) -> None:
        vpc_legs.remove_leg(self.house, self.call(), router.id, vpc_legs.LegWish(nic_id=nic))
        del router.legs[nic]

    def needed(self, router: VpcId, subnet: SubnetId) -> bool:
        """Whether a public address leads by this leg."""
        return any(
            public.router == router and public.nic is not None and subnet in dict(self.record.nics[public.nic].places)
            for public in self.record.publics.values()
        )

    @precondition(lambda self: self.record.routers)
    @rule(data=st.data(), gateway=st.booleans())
    def change_gateway(self, data: st.DataObject, gateway: bool) -> None:
        router = self.router(data)
        wish = vpcs.GatewayWish(network_id=self.record.outer) if gateway else None
        busy = not gateway and bool(self.record.floating(router.id))
        change = vpcs.VpcChange(gateway=wish)
        changed = self.ask(
            lambda: vpcs.update_vpc(self.house, self.call(), router.id, change), *((InUse,) if busy else ())
        )
        if changed is not None:
            router.gateway = gateway

    # --- public addresses ----------------------------------------------------------------------

    @rule(data=st.data())
    def hold_a_public_address(self, data: st.DataObject) -> None:
        wish = public_addresses.PublicWish(network_id=self.record.outer)
        made = self.ask(
            lambda: public_addresses.create_public_address(self.house, self.call(), wish), NoAddress, QuotaExceeded
        )
        if made is not None:
            self.record.publics[made.public.id] = Public(made.public.id, made.public.address)
            if self.record.nics and data.draw(st.booleans()):
                self.lead_to(self.record.publics[made.public.id], self.pick(data, self.record.nics))

    def public(self, data: st.DataObject) -> Public:
        return self.record.publics[self.pick(data, self.record.publics)]

    @precondition(lambda self: self.record.publics and self.record.nics)
    @rule(data=st.data())
    def lead_a_public_address(self, data: st.DataObject) -> None:
        self.lead_to(self.public(data), self.pick(data, self.record.nics))

    def lead_to(self, public: Public, nic: NicId) -> None:
        change = public_addresses.PublicChange(nic_id=nic)
        led = self.ask(
            lambda: public_addresses.update_public_address(self.house, self.call(), public.id, change),
            NotFound,
            InUse,
            Invalid,
        )
        if led is not None:
            self.learn_way(public, led.public)

    def learn_way(self, public: Public, led: PublicAddress) -> None:
        assert led.nic_id is not None
        assert led.vpc_id is not None
        assert led.fixed_address is not None
        self.record.lead(public, (led.nic_id, led.fixed_address, led.vpc_id))

    @precondition(lambda self: self.record.publics)
    @rule(data=st.data())
    def lead_nowhere(self, data: st.DataObject) -> None:
        public = self.public(data)
        change = public_addresses.PublicChange(nic_id=None)
        public_addresses.update_public_address(self.house, self.call(), public.id, change)
        self.record.lead(public, None)

    @precondition(lambda self: self.record.publics)
    @rule(data=st.data())
    def give_a_public_address_back(self, data: st.DataObject) -> None:
        public = self.public(data)
        public_addresses.delete_public_address(self.house, self.call(), public.id)
        del self.record.publics[public.id]

    # --- security groups -----------------------------------------------------------------------

    @rule()
    def make_a_group(self) -> None:
        if len(self.record.groups) < 4:
            self.count += 1
            wish = security_groups.GroupWish(name=f"group-{self.count}")
            made = security_groups.create_groups(self.house, self.call(), (wish,))[0]
            self.record.groups[made.group.id] = {rule.id for rule in made.rules}

    @rule(data=st.data())
    def delete_a_group(self, data: st.DataObject) -> None:
        group = self.pick(data, self.record.groups)
        self.ask(lambda: self.drop_group(group), InUse)

    def drop_group(self, group: GroupId) -> None:
        """Rules of others that name it go too."""
        security_groups.delete_group(self.house, self.call(), group)
        del self.record.groups[group]
        for other in self.record.groups:
            self.record.groups[other] = {rule.id for rule in self.show_group(other).rules}

    def show_group(self, group: GroupId) -> security_groups.GroupView:
        return security_groups.reading.show(self.house, self.call(), security_groups.GROUPS, group)

    @rule(data=st.data(), port=st.integers(1, 3))
    def allow_something(self, data: st.DataObject, port: int) -> None:
        group, remote = self.pick(data, self.record.groups), self.pick(data, self.record.groups)
        rule = RuleWish(direction="ingress", protocol="tcp", port_min=port, port_max=port, remote_group_id=remote)
        wish = security_groups.GroupRuleWish(group_id=group, rule=rule)
        made = self.ask(lambda: security_groups.create_rules(self.house, self.call(), (wish,)), Taken)
        if made is not None:
            self.record.groups[group].add(made[0].rule.id)

    @rule(data=st.data())
    def forbid_something(self, data: st.DataObject) -> None:
        group = self.pick(data, self.record.groups)
        if self.record.groups[group]:
            rule_id = self.pick(data, self.record.groups[group])
            security_groups.delete_rules(self.house, self.call(), (rule_id,))
            self.record.groups[group].discard(rule_id)
