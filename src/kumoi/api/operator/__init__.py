"""The operator's own tongue, for what no dialect has words for: why a thing is as it is, and how the cloud fares."""

from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.operator import events, hosts, loops, net, rules, sections, series, why
from kumoi.app.house import House


def tongue(house: House) -> Tongue:
    """Mounted at /operator/v1."""
    return Tongue(
        name="operator",
        prefix="/operator/v1",
        routes=[
            *why.routes(house),
            *sections.routes(house),
            *hosts.routes(house),
            *loops.routes(house),
            *events.routes(house),
            *net.routes(house),
            *rules.routes(house),
            *series.routes(house),
        ],
        authenticate=by_token(house),
        render_error=render_plain,
    )
