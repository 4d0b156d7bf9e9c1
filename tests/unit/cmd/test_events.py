"""`kumoi events`: in the order in which things happened, and on from where it ended."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from kumoi.cmd.events import following, last, line


def event(seq: int, action: str = "instance.create") -> dict[str, Any]:
    return {
        "seq": seq, "at": 1_700_000_000.0, "action": action, "resource_id": "i-1", "facts": {"before": "building"},
        "request_id": "req-1",
    }  # fmt: skip


class Feed:
    """A cloud's events, and more of them as time is let pass."""

    def __init__(self, *seqs: int) -> None:
        self.seqs = list(seqs)
        self.asked: list[dict[str, list[str]]] = []

    def get(self, path: str) -> Any:
        query = parse_qs(urlsplit(path).query)
        self.asked.append(query)
        if "after" in query:
            return {"events": [event(s) for s in self.seqs if s > int(query["after"][0])]}
        return {"events": [event(s) for s in reversed(self.seqs)][: int(query["limit"][0])]}


def test_the_last_ones_come_oldest_first() -> None:
    feed = Feed(1, 2, 3)
    assert [e["seq"] for e in last(feed.get, {"kind": "instance", "resource": "a/b"}, 2)] == [2, 3]
    assert feed.asked == [{"kind": ["instance"], "resource": ["a/b"], "limit": ["2"]}]


def test_following_misses_nothing_and_tells_nothing_twice() -> None:
    feed = Feed(1, 2, 3)
    pages = following(feed.get, {}, 2, lambda _s: feed.seqs.extend((4, 5)))
    assert [e["seq"] for e in next(pages)] == [3]
    assert [e["seq"] for e in next(pages)] == [4, 5]


def test_a_line_for_people() -> None:
    assert line(event(1)).split() == [
        "2023-11-14", "22:13:20", "instance.create", "i-1", "before=building", "req-1",
    ]  # fmt: skip
