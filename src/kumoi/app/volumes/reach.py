"""Which hosts' guests can have a volume: those of the host that keeps it, and others where that one exports it.

What does not belong here: the ways themselves (control.ways).
"""

from kumoi.contracts.store import Transaction
from kumoi.core.errors import Unsupported
from kumoi.core.exports import INITIATES
from kumoi.core.ids import HostId, PoolId
from kumoi.core.query import Query, eq
from kumoi.core.volumes import Volume


def is_exported(tx: Transaction, pool_id: PoolId) -> bool:
    """Whether other hosts reach what is in this pool."""
    pool = tx.storage_pools.get(pool_id)
    return pool is not None and bool(pool.portal)


def check(tx: Transaction, volume: Volume, pool_id: PoolId, home: HostId) -> None:
    """Whether a guest on the host `home` can have a volume that another host keeps. Raises Unsupported."""
    if volume.multiattach:
        raise Unsupported("storage", what="attach_across_hosts", reason="multiattach", id=volume.id)
    if not is_exported(tx, pool_id):
        raise Unsupported("storage", what="attach_across_hosts", reason="not_exported", pool=pool_id)
    host = tx.hosts.get(home)
    if host is None or INITIATES not in host.capabilities:
        raise Unsupported("storage", what="attach_across_hosts", reason="no_initiator", host=home)


def check_at_home(tx: Transaction, volume: Volume) -> None:
    """What is done to a volume in a guest is done through that guest, by the host that keeps it. Raises Unsupported
    where the guest is on another one."""
    found = tx.attachments.find(Query(filters=(eq("volume_id", volume.id),)))
    if any(one.secret for one in found):
        raise Unsupported("storage", what="act_across_hosts", id=volume.id)
