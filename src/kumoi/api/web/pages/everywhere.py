"""All projects' instances, for administrators: whose they are, where they run, and how they are."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.conditions import TONES
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.words import Table
from kumoi.app.identity import people
from kumoi.app.instances import read
from kumoi.app.instances.read import InstanceView
from kumoi.core.query import Order, Query, eq, is_in

STATUSES: Final = ("active", "building", "stopped", "error")
SHAPE: Final = Shape(
    path="/admin/instances",
    sortable=("name", "created_at", "status"),
    first=Order("created_at", descending=True),
    filters={"status": STATUSES},
)
WORDS: Final[Table] = {
    "title": ("All instances", "すべてのインスタンス"),
    "lead": ("Of every project, and the host that each is on.",
             "すべてのプロジェクトのインスタンスと、その配置先のホストです。"),
    "some": ("instance", "インスタンス"),
    "empty": ("No instance yet", "インスタンスはまだありません"),
    "empty.why": ("What any project launches appears here.",
                  "各プロジェクトで起動したインスタンスがここに表示されます。"),
    "host": ("Host", "ホスト"),
    "flavor": ("Flavor", "フレーバー"),
    "addresses": ("Addresses", "アドレス"),
    "metrics": ("Metrics", "メトリクス"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [Route("GET", "/admin/instances", partial(show, front), "instance.all_projects", "web")]


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[InstanceView]:
        filters = [containing("name", asked.text)] if asked.text else []
        filters += [eq("status", asked.chosen["status"])] if "status" in asked.chosen else []
        return read.find_views(front.house, call, asked.query(*filters), all_projects=True)

    found = listing(asked, find, lambda view: view.instance.id)
    ids = tuple({view.instance.project_id for view in found.rows})
    owners = people.projects(front.house, call, Query(filters=(is_in("id", ids),)))
    projects = {project.id: project.name for project in owners}
    return front.page(request, "everywhere.html", list=found, projects=projects, tones=TONES, statuses=STATUSES)
