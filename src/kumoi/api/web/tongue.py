"""The dashboard as a tongue: every page's routes, mounted at /."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Final

from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.waiters import Waiters
from kumoi.api.web import feed, shield
from kumoi.api.web.assets import Assets
from kumoi.api.web.feed import Feed
from kumoi.api.web.front import Front, Site
from kumoi.api.web.icons import Icons
from kumoi.api.web.pages import (
    account,
    api,
    backups,
    consoles,
    federated_sign_in,
    floating_ips,
    images,
    instance,
    instance_reach,
    instances,
    keypairs,
    launch,
    metrics,
    networks,
    overview,
    reforming,
    routers,
    security_groups,
    session,
    snapshots,
    topology,
    transfers,
    volumes,
)
from kumoi.api.web.pages.administration import ADMINISTRATION
from kumoi.api.web.refusals import renderer
from kumoi.api.web.screens import Screens
from kumoi.api.web.visits import authenticate
from kumoi.api.web.words import Words, shell
from kumoi.app.house import House

PAGES: Final[tuple[ModuleType, ...]] = (
    session,
    federated_sign_in,
    consoles,
    overview,
    instances,
    instance,
    instance_reach,
    reforming,
    launch,
    security_groups,
    keypairs,
    floating_ips,
    images,
    volumes,
    snapshots,
    backups,
    transfers,
    api,
    account,
    networks,
    routers,
    topology,
    metrics,
    *ADMINISTRATION,
)


def words() -> Words:
    """All that the dashboard says: the shell's words, and each page's under the page's name."""
    tables: Mapping[str, Mapping[str, tuple[str, str]]] = {
        page.__name__.rpartition(".")[2]: page.WORDS for page in PAGES
    }
    return Words(shell.WORDS, tables)


def tongue(house: House, site: Site, assets: Assets, waiters: Callable[[], Waiters]) -> Tongue:
    """`waiters` are the edge's own: streams sleep there, so that a server may stop at once."""
    live = Feed(house, waiters)
    screens = Screens(words(), assets, Icons(), house.chance.secret, live.since, house.rules.off)
    front = Front(house=house, screens=screens, site=site)
    return Tongue(
        name="web",
        prefix="/",
        routes=[*feed.routes(house, live, waiters), *(route for page in PAGES for route in page.routes(front))],
        authenticate=authenticate(house, live.since),
        render_error=renderer(screens),
        headers=shield.headers,
    )
