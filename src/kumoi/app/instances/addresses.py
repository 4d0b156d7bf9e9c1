"""More and fewer fixed addresses of an instance's nics (Nova's addFixedIp, removeFixedIp)."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.nics import nics_of
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.networks.addresses import Claimer, FixedWish, release_fixed
from kumoi.app.networks.nic_doors import check_led_to
from kumoi.app.writing import Thing, commit, mark_nic, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import InstanceId, NetworkId
from kumoi.core.networks import self_addressed
from kumoi.core.nics import FixedIp, Nic
from kumoi.core.policy import allow


def add(house: House, call: Call, instance_id: InstanceId, network_id: NetworkId) -> Nic:
    """One more address of the network, for the nic that the instance has on it. Raises Invalid, NoAddress."""
    allow(call, "instance.update")

    def write(tx: Transaction) -> Nic:
        nic = next((n for n in _nics(tx, call, instance_id) if n.network_id == network_id), None)
        if nic is None:
            raise Invalid("compute", field="networkId", reason="not_of_instance", value=network_id)
        claimer = Claimer(tx, network_id, nic.id, call.now)
        subnets = [s for s in claimer.subnets if not self_addressed(s)]
        four = [s for s in subnets if s.ip_version == 4] or subnets
        more = claimer.any_of(four) if four else claimer.fixed((FixedWish(),), nic.mac)[0]
        return _save(tx, house, call, nic, (*nic.fixed_ips, more))

    return commit(house, write)


def remove(house: House, call: Call, instance_id: InstanceId, address: str) -> Nic:
    """Raises Invalid where none of the instance's nics has it, InUse where a public address leads to it."""
    allow(call, "instance.update")

    def write(tx: Transaction) -> Nic:
        for nic in _nics(tx, call, instance_id):
            gone = tuple(ip for ip in nic.fixed_ips if ip.address == address)
            if gone:
                release_fixed(tx, nic, gone)
                return _save(tx, house, call, nic, tuple(ip for ip in nic.fixed_ips if ip not in gone))
        raise Invalid("compute", field="address", reason="not_of_instance", value=address)

    return commit(house, write)


def _nics(tx: Transaction, call: Call, instance_id: InstanceId) -> list[Nic]:
    one = visible(tx, call, instance_id)
    check_unlocked(call, one, "update")
    return nics_of(tx, one.id)


def _save(tx: Transaction, house: House, call: Call, nic: Nic, fixed: tuple[FixedIp, ...]) -> Nic:
    saved = tx.nics.save(replace(nic, fixed_ips=fixed, updated_at=call.now))
    check_led_to(tx, nic, saved)
    mark_nic(tx, saved)
    record(tx, house, call, "nic.update", Thing("nic", saved.id, saved.project_id))
    return saved
