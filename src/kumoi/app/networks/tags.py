"""Doors of tags: plain words on any noun of networks. A change of them counts as a change of the thing."""

from typing import Any

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import TAG, Noun
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.events import Label
from kumoi.core.policy import allow

MOST_TAGS = 50
LONGEST_TAG = 255
AnyNoun = Noun[Any, Any]


def tags(house: House, call: Call, noun: AnyNoun, row_id: str) -> tuple[str, ...]:
    allow(call, f"{noun.action}.read")
    return house.store.read(lambda tx: _tags(tx, noun, reading.visible(tx, call, noun, row_id)))


def has_tag(house: House, call: Call, noun: AnyNoun, row_id: str, tag: str) -> None:
    """NotFound when it has not."""
    if tag not in tags(house, call, noun, row_id):
        raise NotFound("network", kind="tag", id=tag)


def set_tags(house: House, call: Call, noun: AnyNoun, row_id: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Exactly these."""
    return _change(house, call, noun, row_id, lambda _old: set(wanted))


def add_tags(house: House, call: Call, noun: AnyNoun, row_id: str, more: tuple[str, ...]) -> tuple[str, ...]:
    return _change(house, call, noun, row_id, lambda old: old | set(more))


def drop_tag(house: House, call: Call, noun: AnyNoun, row_id: str, tag: str) -> None:
    """NotFound when it has it not."""

    def without(old: set[str]) -> set[str]:
        if tag not in old:
            raise NotFound("network", kind="tag", id=tag)
        return old - {tag}

    _change(house, call, noun, row_id, without)


def _change(house: House, call: Call, noun: AnyNoun, row_id: str, change: Any) -> tuple[str, ...]:
    allow(call, f"{noun.action}.update")

    def write(tx: Transaction) -> tuple[str, ...]:
        row = reading.owned(tx, call, noun, row_id, "update")
        old = set(_tags(tx, noun, row))
        new: set[str] = change(old)
        _check(new)
        for tag in old - new:
            tx.labels.drop(noun.kind, row_id, TAG, tag)
        for tag in new - old:
            tx.labels.put(
                Label(id=house.chance.uuid(), kind=noun.kind, resource_id=row_id, namespace=TAG, key=tag, value="")
            )
        if new != old:
            noun.rows(tx).save(replace(row, updated_at=call.now))
        return tuple(sorted(new))

    return house.store.write(write)


def _check(wanted: set[str]) -> None:
    if len(wanted) > MOST_TAGS:
        raise Invalid("network", field="tags", reason="too_many", most=MOST_TAGS)
    for tag in wanted:
        if not 1 <= len(tag) <= LONGEST_TAG:
            raise Invalid("network", field="tags", reason="length", bound=f"from 1 to {LONGEST_TAG}")


def _tags(tx: Transaction, noun: AnyNoun, row: Any) -> tuple[str, ...]:
    return reading.tags_of(tx, noun.kind, [row]).get(row.id, ())
