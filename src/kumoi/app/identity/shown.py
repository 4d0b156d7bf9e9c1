"""What a token tells beside who its holder is: what was entered into the catalog, what of it the project is shown, and
the clouds that take our word. Remembered for as long as none of it changes."""

import msgspec

from kumoi.app.house import House
from kumoi.app.identity.catalog import Others, entered
from kumoi.app.identity.endpoint_filters import Shown, shown_to
from kumoi.app.identity.federations import trusting
from kumoi.contracts.store import Transaction
from kumoi.core.federation import ServiceProvider


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """`shown` None: all of the catalog."""

    others: Others
    shown: Shown | None
    providers: list[ServiceProvider]


def beside(house: House, project_id: str) -> Beside:
    """Of a project; empty: of no project."""
    key = f"catalog/{project_id}"

    def read(tx: Transaction) -> Beside:
        serial = tx.identity_serial()
        known = house.remembered.get(key, serial)
        if isinstance(known, Beside):
            return known
        shown = shown_to(tx, project_id) if project_id else None
        found = Beside(others=entered(tx), shown=shown, providers=trusting(tx))
        house.remembered.put(key, serial, found)
        return found

    return house.store.read(read)
