"""What is asked often is found by an index: no table is walked through, nothing sorted that an index has in order."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable

from kumoi.adapters.sql import labels, noun, sections
from kumoi.adapters.sql.language import text_of
from kumoi.adapters.sql.noun import Noun
from kumoi.adapters.sql.queries import find_statement, order_of, shape_of
from kumoi.adapters.sql.store import database_of, open_store
from kumoi.core.query import Filter, Order, Query, alive, eq, is_in

MINE = Query(filters=(eq("project_id", "p"), alive()), order=(Order("created_at", descending=True),))
EVERYONES = Query(filters=(alive(),), order=(Order("created_at", descending=True),))


def finding(kind: Noun[Any], query: Query, *, after: bool = False) -> Executable:
    order = order_of(kind, query)
    nones = tuple(False for _ in order) if after else None
    return find_statement(kind, shape_of(kind, query)._replace(order=order, after=nones, limited=True))


def by(kind: Noun[Any], *filters: Filter) -> Executable:
    return finding(kind, Query(filters=filters))


@pytest.mark.parametrize(
    "statement",
    [
        *(finding(kind, MINE) for kind in (noun.INSTANCES, noun.IMAGES, noun.NETWORKS, noun.NICS, noun.VPCS)),
        finding(noun.INSTANCES, MINE, after=True),
        finding(noun.INSTANCES, EVERYONES),
    ],
)
def test_lists_come_in_order_from_an_index(tmp_path: Path, statement: Executable) -> None:
    steps = plan(tmp_path, statement)
    assert all("USING INDEX" in step for step in steps), steps


@pytest.mark.parametrize(
    "statement",
    [
        noun.INSTANCES.get,
        noun.INSTANCES.many,
        by(noun.INSTANCES, eq("ec2_key", "x")),
        by(noun.ACCESS_KEYS, eq("access", "x")),
        by(noun.USERS, eq("domain_id", "d"), eq("name", "x")),
        by(noun.ASSIGNMENTS, eq("user_id", "x")),
        by(noun.PLACEMENTS, eq("instance_id", "x")),
        by(noun.PLACEMENTS, is_in("instance_id", ("x",))),
        by(noun.PLACEMENTS, eq("host_id", "x")),
        by(noun.OBSERVATIONS, eq("host_id", "x")),
        *(by(noun.NICS, eq(f, "x")) for f in ("network_id", "instance_id", "vpc_id", "device_id", "mac")),
        by(noun.NICS, is_in("instance_id", ("x",))),
        by(noun.SECURITY_RULES, is_in("group_id", ("x",))),
        by(noun.EVENTS, eq("resource_id", "x")),
        sections._BODIES,
        sections._ENTRIES,
        sections._UNMARK,
        labels._of(namespaced=True),
    ],
)
def test_look_ups_walk_through_no_table(tmp_path: Path, statement: Executable) -> None:
    steps = plan(tmp_path, statement)
    assert not [step for step in steps if step.startswith("SCAN") and "json_each" not in step], steps


def plan(folder: Path, statement: Executable) -> list[str]:
    url = f"sqlite:///{folder}/kumoi.db"
    open_store(url).close()
    text = text_of(statement, "sqlite")
    raw = database_of(url).connect()
    try:
        params = dict.fromkeys(statement.compile().params, "1") | text.constants
        return [str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {text.sql}", params)]
    finally:
        raw.close()
