"""The first page: what the project uses and has, what is wrong in it, and the first steps in an empty one."""

from functools import partial
from typing import Any, Final, NamedTuple

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.conditions import TONES
from kumoi.api.web.front import Front
from kumoi.api.web.wording import condition_sentence
from kumoi.api.web.words import Table
from kumoi.app import keypairs
from kumoi.app.images import doors as images
from kumoi.app.instances import read
from kumoi.app.quotas import quota
from kumoi.core.call import Call
from kumoi.core.conditions import Blocked
from kumoi.core.instances import Status
from kumoi.core.query import Order, Query, eq
from kumoi.core.quotas import Counter, Resource

SHOWN: Final[tuple[Resource, ...]] = (
    "instances", "vcpus", "memory_mib", "networks", "public_addresses", "security_groups", "images", "key_pairs",
)  # fmt: skip
STATES: Final[tuple[Status, ...]] = ("active", "building", "stopped", "error")
NEWEST: Final = 6
WRONG_MOST: Final = 20

WORDS: Final[Table] = {
    "title": ("Overview", "概要"),
    "quotas": ("Quotas", "クォータ"),
    "quotas.lead": ("What this project uses, of what it may.", "このプロジェクトの使用量と上限です。"),
    "runs": ("What runs", "稼働状況"),
    "all": ("All instances", "すべてのインスタンス"),
    "newest": ("Newest", "新しいもの"),
    "wrong": ("What is wrong", "問題"),
    "wrong.none": ("Everything is as it should be.", "すべて正常です。"),
    "steps": ("First steps", "はじめに"),
    "steps.lead": ("From nothing to a machine that you can log in to.", "ログインできるマシンができるまで。"),
    "step.key": ("Make a key pair", "キーペアを作成する"),
    "step.key.why": ("It is what lets you in.", "インスタンスに入るための鍵です。"),
    "step.image": ("Have an image", "イメージを用意する"),
    "step.image.why": ("It is what a machine is made from.", "マシンの作成元です。"),
    "step.launch": ("Launch an instance", "インスタンスを起動する"),
    "step.launch.why": ("It is up in seconds.", "数秒で使えるようになります。"),
    "step.done": ("done", "完了"),
    "step.go": ("Do it", "進む"),
    "no_limit": ("{used}, no limit", "{used} (上限なし)"),
    "used_of": ("{used} of {most}", "{used} / {most}"),
    "q.instances": ("Instances", "インスタンス"),
    "q.vcpus": ("vCPUs", "vCPU"),
    "q.memory_mib": ("Memory", "メモリ"),
    "q.networks": ("Networks", "ネットワーク"),
    "q.public_addresses": ("Floating IPs", "Floating IP"),
    "q.security_groups": ("Security groups", "セキュリティグループ"),
    "q.images": ("Images", "イメージ"),
    "q.key_pairs": ("Key pairs", "キーペア"),
}


class Wrong(NamedTuple):
    id: str
    name: str
    why: str


def routes(front: Front) -> list[Route]:
    return [Route("GET", "/", partial(show, front), "quota.read", "web")]


def show(front: Front, request: Request) -> Response:
    call = request.call()
    counters = quota(front.house, call, call.project_id)
    return front.page(
        request,
        "overview.html",
        quotas=[(name, counters[name]) for name in SHOWN if name in counters],
        **_instances(front, request, call),
        steps=_steps(front, call, counters),
    )


def _instances(front: Front, request: Request, call: Call) -> dict[str, Any]:
    house = front.house
    counts = [(s, TONES[s], read.count(house, call, Query(filters=(eq("status", s),)))) for s in STATES]
    newest = read.find(house, call, Query(order=(Order("created_at", descending=True),), limit=NEWEST))
    views = read.find_views(house, call, Query(filters=(eq("status", "error"),), limit=WRONG_MOST))
    wrong = []
    for view in views:
        condition = read.condition(call, view)
        if isinstance(condition, Blocked):
            wrong.append(Wrong(view.instance.id, view.instance.name, condition_sentence(condition, request.locale)))
    return {"counts": counts, "newest": newest, "wrong": wrong, "tones": TONES}


def _steps(front: Front, call: Call, counters: dict[str, Counter]) -> list[tuple[str, str, bool]]:
    """(name, address, done) of each; none once the project has an instance."""
    if counters["instances"].used:
        return []
    found = images.find(front.house, call, Query(filters=(eq("status", "active"),), limit=1))
    keys = keypairs.find(front.house, call, Query(limit=1))
    return [("key", "/keypairs", bool(keys)), ("image", "/images", bool(found)), ("launch", "/launch", False)]
