"""The serial of identity: it rises with each change of who may what, and with nothing else."""

import random
from typing import Any

import pytest
from tests.contract.store.values import any_of

from kumoi.adapters.sql.noun import EVENTS, LABELS, NOUNS, RULING
from kumoi.adapters.sql.rows import SqlRows
from kumoi.adapters.sql.store import SqlStore


def serial(store: SqlStore) -> int:
    return store.read(lambda tx: tx.identity_serial())


def test_it_rises_with_every_insert_save_and_removal_of_what_rules(store: SqlStore) -> None:
    dice, seen = random.Random(7), [serial(store)]
    for noun in sorted(RULING, key=lambda noun: noun.kind):
        value = any_of(noun.struct, dice)
        for change in (
            lambda rows, value=value: rows.insert(value),
            lambda rows, value=value: rows.save(value),
            lambda rows, value=value: rows.remove(value.id),
        ):
            store.write(lambda tx, change=change, noun=noun: change(SqlRows(tx.session, noun)))
            seen.append(serial(store))
    assert seen == list(range(seen[0], seen[0] + len(seen)))


def test_it_stays_with_what_does_not_rule_and_with_what_was_refused(store: SqlStore) -> None:
    dice, before = random.Random(8), serial(store)
    for noun in NOUNS:
        if noun not in RULING | {EVENTS, LABELS}:
            value = any_of(noun.struct, dice)
            store.write(lambda tx, noun=noun, value=value: SqlRows(tx.session, noun).insert(value))

    def refused(tx: Any) -> None:
        noun = min(RULING, key=lambda noun: noun.kind)
        SqlRows(tx.session, noun).insert(any_of(noun.struct, dice))
        raise KeyError

    with pytest.raises(KeyError):
        store.write(refused)
    assert serial(store) == before
