"""What several of Cinder's lists are asked for: whose things, and labels written as a dictionary."""

import ast

from kumoi.api.edge.request import Request
from kumoi.api.openstack.volume.words import flag
from kumoi.core.errors import Invalid
from kumoi.core.policy import may
from kumoi.core.query import Filter, eq

LONGEST = 4096


def projects(request: Request, action: str) -> tuple[bool, tuple[Filter, ...]]:
    """Whether the list is of all projects, and of which: for administrators; who is none is not heard, as in Cinder."""
    said = request.arg("all_tenants")
    everyone = said is not None and (said == "" or flag("all_tenants", said)) and may(request.call(), action)
    named = request.arg("project_id") or request.arg("tenant_id")
    return everyone, (eq("project_id", named),) if everyone and named else ()


def literal(field: str, text: str) -> dict[str, str]:
    """`{'key': 'value'}`, as Python's clients have always sent it."""
    try:
        found = ast.literal_eval(text) if len(text) <= LONGEST else None
    except (ValueError, SyntaxError, MemoryError, RecursionError) as e:
        raise Invalid("api", field=field, reason="format") from e
    if not isinstance(found, dict):
        raise Invalid("api", field=field, reason="format")
    return {str(key): str(value) for key, value in found.items()}
