"""The figures as a table of docs/promises.md, between two marks, and as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from kumoi.core.errors import NotFound
from kumoi.ops.bench.figures import PROMISES, Figure, Promise, verdict
from kumoi.ops.bench.place import Place

BEGIN: Final = "<!-- bench: begin, written by `kumoi bench --write` -->"
END: Final = "<!-- bench: end -->"
PEER: Final = (
    "Peer: OpenStack from Debian 12's own packages (seven services), on the same kind of machine; CPU of all its"
    " processes, counted the same way. A figure is the median of n trials."
)

Figures = Mapping[str, Figure]


def table(place: Place, figures: Figures) -> str:
    """Markdown; a promise that was not measured says so."""
    rows = ["| what | target | measured | n | | peer |", "|---|---|---|---|---|---|"]
    rows += [_row(promise, figures.get(promise.key)) for promise in PROMISES]
    notes = [f"- {p.about}: {figures[p.key].note}" for p in PROMISES if p.key in figures and figures[p.key].note]
    return "\n".join((place.sentence(), "", PEER, "", *rows, *(["", *notes] if notes else [])))


def write(page: Path, text: str) -> None:
    """Put the text between the marks of the page. Raises NotFound where they are not."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NotFound("api", kind="marks", id=str(page))
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def as_json(place: Place, figures: Figures) -> bytes:
    """All values, not only the medians."""
    rows = [
        {
            **msgspec.to_builtins(promise),
            "values": list(figures[promise.key].values),
            "median": figures[promise.key].median,
            "verdict": verdict(promise, figures[promise.key]),
            "note": figures[promise.key].note,
        }
        for promise in PROMISES
        if promise.key in figures
    ]
    return msgspec.json.format(msgspec.json.encode({"place": place, "rows": rows}), indent=2) + b"\n"


def number(value: float) -> str:
    """As few digits as say something."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _row(promise: Promise, figure: Figure | None) -> str:
    unit = f" {promise.unit}"
    target = f"≤ {number(promise.most)}{unit}" if promise.most is not None else "–"
    said = verdict(promise, figure)
    measured = f"{number(figure.median)}{unit}" if figure is not None and figure.values else "–"
    count = str(len(figure.values)) if figure is not None else "–"
    shown = {"met": "met", "missed": "**missed**", "no target": "", "not measured": "not measured"}[said]
    peer = f"{promise.peer}{unit}" if promise.peer and "(" not in promise.peer else promise.peer
    return f"| {promise.about} | {target} | {measured} | {count} | {shown} | {peer or '–'} |"
