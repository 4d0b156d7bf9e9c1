"""What hangs on a router, inside a transaction."""

from kumoi.contracts.store import Transaction
from kumoi.core.ids import VpcId
from kumoi.core.networks import Subnet
from kumoi.core.nics import Nic, NicUse
from kumoi.core.query import Query, alive, eq
from kumoi.core.vpcs import PublicAddress


def interfaces(tx: Transaction, vpc_id: VpcId) -> list[Nic]:
    """The router's legs but its gateways."""
    return _legs(tx, vpc_id, "vpc_interface")


def gateways(tx: Transaction, vpc_id: VpcId) -> list[Nic]:
    return _legs(tx, vpc_id, "vpc_gateway")


def public_of(tx: Transaction, vpc_id: VpcId) -> list[PublicAddress]:
    return tx.public_addresses.find(Query(filters=(eq("vpc_id", vpc_id), alive())))


def subnets_of(tx: Transaction, nics: list[Nic]) -> list[Subnet]:
    return tx.subnets.many(tuple({ip.subnet_id for nic in nics for ip in nic.fixed_ips}))


def _legs(tx: Transaction, vpc_id: VpcId, use: NicUse) -> list[Nic]:
    return tx.nics.find(Query(filters=(eq("vpc_id", vpc_id), eq("use", use), alive())))
