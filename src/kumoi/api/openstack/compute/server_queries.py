"""What a list of servers is asked for: Nova's parameters as a query of the store."""

import re
from datetime import UTC, datetime

from kumoi.api.edge.request import Request
from kumoi.api.openstack.compute.server_views import STATUSES, WORDS
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.core.errors import Forbidden, Invalid
from kumoi.core.policy import may
from kumoi.core.query import MAX_PAGE, Filter, LabelFilter, Order, Query, eq, is_in

FILTERS = {
    "name": "name", "image": "image_id", "flavor": "flavor_id", "user_id": "user_id", "project_id": "project_id",
    "tenant_id": "project_id", "image_ref": "image_id", "uuid": "id", "reservation_id": "reservation_id",
    "key_name": "keypair_name", "availability_zone": "zone", "access_ip_v4": "access_ip_v4", "hostname": "hostname",
    "description": "description",
}  # fmt: skip
# Where WORDS has it: vm_state, task_state, power_state.
STATES = {"vm_state": 1, "task_state": 2, "power_state": 3}
ADMIN_FILTERS = frozenset({
    "user_id", "project_id", "tenant_id", "hostname", "key_name", "host", "node", "config_drive",
    *STATES,
})  # fmt: skip
FOR_ALL_SINCE_83 = frozenset({"user_id", "key_name", "config_drive", *STATES})
_TAGS = frozenset({"tags", "tags-any", "not-tags", "not-tags-any"})
LONGEST_NUMBER = 10  # digits of a number of rows
SINCE = {"changes-before": 66, "locked": 73}
SORTABLE = {
    "created_at": "created_at", "updated_at": "updated_at", "display_name": "name", "uuid": "id",
    "vm_state": "status", "project_id": "project_id", "user_id": "user_id", "key_name": "keypair_name",
    "launch_index": "launch_index", "image_ref": "image_id", "instance_type_id": "flavor_id",
    "hostname": "hostname", "availability_zone": "zone", "display_description": "description",
}  # fmt: skip


def query_of(house: House, request: Request) -> tuple[Query, bool, bool]:
    """The query, whether it is for all projects, and whether it is for deleted ones."""
    filters: list[Filter] = []
    labels: list[LabelFilter] = []
    admin = may(request.call(), "instance.all_projects")
    everyone = any(v == "" or _true(v) for k, v in request.query if k in {"all_tenants", "all_projects"})
    since = any(k == "changes-since" for k, _ in request.query)
    deleted = since or (admin and _true(request.arg("deleted") or ""))
    if everyone and not admin:
        raise Forbidden("identity", action="instance.all_projects", needs=["admin"])
    for key, value in request.query:
        if key in _TAGS and at_least(request, 26):
            words = tuple(value.split(","))
            if key in {"tags", "not-tags-any"}:  # all of them, or none of them
                labels += [LabelFilter("tag", tag, absent=key == "not-tags-any") for tag in words]
                continue
            lacking = key == "not-tags"
            found = read.tagged(house, request.call(), words, lacking=lacking, all_projects=everyone)
            filters.append(is_in("id", found))
        elif _counts(request, key, admin=admin, everyone=everyone):
            filters += _filter(house, request, key, value, everyone=everyone)
    if deleted and not since:
        filters.append(Filter("deleted_at", "null", False))
    query = Query(
        filters=tuple(filters),
        labels=tuple(labels),
        order=_order(request),
        marker=request.arg("marker"),
        limit=page_limit(request),
    )
    return query, everyone, deleted


def _counts(request: Request, key: str, *, admin: bool, everyone: bool) -> bool:
    """Whether a parameter does anything at this version, for this caller. One's own project's servers are listed,
    whatever project is asked for, as in Nova."""
    if key in {"tenant_id", "project_id"} and not everyone:
        return False
    if not at_least(request, SINCE.get(key, 1)):
        return False
    return admin or key not in ADMIN_FILTERS or (key in FOR_ALL_SINCE_83 and at_least(request, 83))


def _filter(house: House, request: Request, key: str, value: str, *, everyone: bool) -> list[Filter]:
    """One parameter's filter; none for a name that is none."""
    if key in {"ip", "ip6"}:
        version = 4 if key == "ip" else 6
        return [is_in("id", read.at_address(house, request.call(), value, version, all_projects=everyone))]
    if key in {"host", "node"}:
        return [is_in("id", read.on_host(house, request.call(), value))]
    if key == "status":
        return [is_in("status", STATUSES.get(value.upper(), ("no such status",)))]
    if key in STATES:
        return [is_in("status", tuple(status for status, words in WORDS.items() if str(words[STATES[key]]) == value))]
    return _of_row(key, value)


def _of_row(key: str, value: str) -> list[Filter]:
    if key == "changes-since":
        return [Filter("updated_at", "ge", instant(key, value))]
    if key == "changes-before":
        return [Filter("updated_at", "le", instant(key, value))]
    if key in {"locked", "config_drive"}:
        return [eq(key, _true(value))]
    if key in {"name", "display_name"}:
        return [Filter("name", "like", _like(value))]
    return [eq(FILTERS[key], value)] if key in FILTERS else []


def _true(text: str) -> bool:
    return text.lower() not in {"0", "false", ""}


def _order(request: Request) -> tuple[Order, ...]:
    keys = [v for k, v in request.query if k == "sort_key"]
    ways = [v for k, v in request.query if k == "sort_dir"]
    orders = []
    for i, key in enumerate(keys):
        if key not in SORTABLE:
            raise Invalid("api", field="sort_key", reason="not_in_enum", value=key)
        orders.append(Order(SORTABLE[key], descending=(ways[i] if i < len(ways) else "desc") != "asc"))
    return tuple(orders) or (Order("created_at", descending=True),)


def page_limit(request: Request) -> int:
    text = request.arg("limit")
    if text is None or text == "":
        return MAX_PAGE
    if text.startswith("-") and text[1:].isdecimal():
        raise Invalid("api", field="limit", reason="range", bound="0 or more")
    if not text.isdecimal():
        raise Invalid("api", field="limit", reason="wrong_type", expected="int", got=text)
    return min(int(text), MAX_PAGE) if len(text) <= LONGEST_NUMBER else MAX_PAGE


_PIECE = re.compile(r"\\(.)|(\[\^?[^\]]*\]|\.)([*+?]?)|(.)", re.DOTALL)


def _like(pattern: str) -> str:
    """Nova takes a regular expression, searched for anywhere; this is its SQL pattern, so that no caller can make the
    search slow. A class of characters stands for any character."""
    text = pattern.removeprefix("^").removesuffix("$")
    like = ""
    for escaped, wild, times, plain in _PIECE.findall(text):
        if wild:
            like += {"": "_", "?": "%", "*": "%", "+": "_%"}[times]
        else:
            like += re.sub(r"([\\%_])", r"\\\1", escaped or plain)
    return f"{'' if pattern.startswith('^') else '%'}{like}{'' if pattern.endswith('$') else '%'}"


def instant(field: str, text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as e:
        raise Invalid("api", field=field, reason="format") from e
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
