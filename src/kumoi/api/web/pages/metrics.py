"""What an instance uses: four charts that go on by themselves, and the same numbers as tables."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.web.front import Front
from kumoi.api.web.pages import instance
from kumoi.api.web.words import Table
from kumoi.app.instances import read
from kumoi.app.meters.read import Chart, Window, chart
from kumoi.core.errors import NotFound
from kumoi.core.ids import InstanceId
from kumoi.core.meters import UNITS, kind_of
from kumoi.runtime.series import Curve

SPANS: Final = {"1h": 3600, "1d": 86400, "2w": 14 * 86400, "1y": 365 * 86400}
FIRST_SPAN: Final = "1h"
ROWS_MOST: Final = 60


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One chart. `most`: the end of the scale, where it is known. Disks and nics have curves of their own."""

    key: str
    icon: str
    meters: tuple[str, ...]
    most: float | None = None


PANELS: Final = (
    Panel(key="cpu", icon="cpu", meters=("cpu.utilisation",), most=100),
    Panel(key="memory", icon="memory-stick", meters=("memory.used", "memory.resident", "memory.actual")),
    Panel(key="disk", icon="hard-drive", meters=("disk.read.bytes", "disk.write.bytes")),
    Panel(key="network", icon="network", meters=("network.incoming.bytes", "network.outgoing.bytes")),
)
WORDS: Final[Table] = {
    "title": ("Metrics", "メトリクス"),
    "title.of": ("Metrics of {name}", "{name} のメトリクス"),
    "lead": ("What the instance uses, measured by its host every 10 seconds.",
             "ホストが 10 秒ごとに計測したインスタンスの使用量です。"),
    "span": ("Time span", "期間"),
    "span.1h": ("1 hour", "1 時間"),
    "span.1d": ("1 day", "1 日"),
    "span.2w": ("2 weeks", "2 週間"),
    "span.1y": ("1 year", "1 年"),
    "cpu": ("Processor", "プロセッサー"),
    "memory": ("Memory", "メモリ"),
    "disk": ("Disk", "ディスク"),
    "network": ("Network", "ネットワーク"),
    "meter.cpu.utilisation": ("Busy", "使用率"),
    "meter.memory.used": ("Used by the guest", "ゲストの使用量"),
    "meter.memory.resident": ("Held on the host", "ホスト上の占有量"),
    "meter.memory.actual": ("Given to the guest", "ゲストへの割り当て"),
    "meter.disk.read.bytes": ("Read", "読み込み"),
    "meter.disk.write.bytes": ("Written", "書き込み"),
    "meter.network.incoming.bytes": ("Received", "受信"),
    "meter.network.outgoing.bytes": ("Sent", "送信"),
    "as_table": ("As a table", "表で見る"),
    "curve": ("Curve", "系列"),
    "when": ("Time (UTC)", "時刻 (UTC)"),
    "by_time": ("By time", "時刻ごと"),
    "now": ("Last", "最新"),
    "mean": ("Mean", "平均"),
    "most": ("Highest", "最大"),
    "least": ("Lowest", "最小"),
    "none": ("Nothing was measured in this time.", "この期間に計測された値はありません。"),
    "none.why": ("A guest is measured while it runs; the first numbers come some seconds after its start.",
                 "計測はゲストの稼働中に行われます。最初の値は起動から数秒後に表示されます。"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/instances/{id}/metrics", partial(show, front), "meter.read", "web"),
        Route("GET", "/instances/{id}/metrics/data", partial(data, front), "meter.read", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    instance_id, span = InstanceId(request.params["id"]), _span(request)
    call = request.call()
    try:
        view = read.get(front.house, call, instance_id)
    except NotFound:
        return instance.gone(front, request)
    panels = _panels(front, request, _asked(front, request))
    above = instance.head(front, request, call, view)
    return front.page(request, "metrics.html", **above, panels=panels, span=span, spans=tuple(SPANS))


def data(front: Front, request: Request) -> Response:
    """For the script: the same as the page shows, and again every few seconds."""
    found = _asked(front, request)
    return json_response({"since": found.since, "step": found.step_s, "panels": _panels(front, request, found)})


def _asked(front: Front, request: Request) -> Chart:
    call = request.call()
    meters = frozenset(meter for panel in PANELS for meter in panel.meters)
    window = Window(since=call.now - SPANS[_span(request)], meters=meters)
    return chart(front.house, call, InstanceId(request.params["id"]), window)


def _span(request: Request) -> str:
    asked = request.arg("span") or ""
    return asked if asked in SPANS else FIRST_SPAN


def _panels(front: Front, request: Request, found: Chart) -> list[dict[str, Any]]:
    """`now`, `mean`, `most`, `least`: of the whole curve; None where nothing was measured."""
    shown = []
    for panel in PANELS:
        curves = [curve for meter in panel.meters for curve in found.curves if curve.meter == meter]
        several = len({curve.subject for curve in curves}) > 1
        shown.append({
            "key": panel.key,
            "icon": panel.icon,
            "title": front.say(request, f"metrics.{panel.key}"),
            "unit": UNITS[panel.meters[0]],
            "most": panel.most,
            "curves": [_curve(front, request, curve, several=several) for curve in curves],
            "rows": _rows(found, curves),
        })  # fmt: skip
    return shown


def _curve(front: Front, request: Request, curve: Curve, *, several: bool) -> dict[str, Any]:
    values = [value for value in curve.average if value is not None]
    label = front.say(request, f"metrics.meter.{curve.meter}")
    return {
        "label": f"{label} · {_device(curve.subject)}" if several else label,
        "values": curve.average,
        "now": values[-1] if values else None,
        "mean": sum(values) / len(values) if values else None,
        "most": max((value for value in curve.most if value is not None), default=None),
        "least": min((value for value in curve.least if value is not None), default=None),
    }


def _rows(found: Chart, curves: list[Curve]) -> list[tuple[int, list[float | None]]]:
    """The same by time, for a table: means of a few points each, newest first, without times of which nothing is
    known."""
    length = len(curves[0].average) if curves else 0
    size = max(1, -(-length // ROWS_MOST))
    rows = [
        (found.since + start * found.step_s, [_mean(curve.average[start : start + size]) for curve in curves])
        for start in range(0, length, size)
    ]
    return [row for row in reversed(rows) if any(value is not None for value in row[1])]


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _device(subject: str) -> str:
    """A disk by its name, a nic by how its id begins."""
    device = subject.partition("/")[2]
    return device[:8] if kind_of(subject) == "nic" else device
