"""What only the wire has: waits, silence, many hosts in one request."""

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.link.conftest import Rig, Served
from tests.contract.link.test_link import HELLO, asking, reporting
from tests.usecase.cloud import Cloud

from kumoi.adapters.link_http import HttpLink
from kumoi.core.errors import Unavailable
from kumoi.core.flocks import FetchedMany, FetchMany, ReportMany
from kumoi.core.ids import SessionId, host_section
from kumoi.core.plan import Fetched


@pytest.fixture
def wire(cloud: Cloud, served: HttpLink) -> Rig:
    return Rig(cloud, served)


def later(act: "threading.Thread") -> None:
    act.join(30.0)
    assert not act.is_alive()


def test_a_fetch_waits_for_news(wire: Rig) -> None:
    welcome = wire.link.hello(HELLO)
    answers: list[Fetched] = []
    waiting = threading.Thread(target=lambda: answers.append(wire.link.fetch(asking(welcome, wait_s=50.0))))
    waiting.start()
    wire.say(host_section(welcome.host_id), "instance/1", b"{}")
    later(waiting)
    assert [e.id for e in answers[0].sections[0].entries] == ["instance/1"]


def test_a_fetch_for_many_is_answered_for_those_with_news(wire: Rig, served: HttpLink) -> None:
    one, two = wire.link.hello(HELLO), wire.link.hello(replace(HELLO, name="three"))
    asks = (asking(one, network_n=0), asking(two, network_n=0))
    answers: list[FetchedMany] = []
    many = FetchMany(asks=asks, wait_s=50.0)
    waiting = threading.Thread(target=lambda: answers.append(served.fetch_many(many)))
    waiting.start()
    wire.say(host_section(two.host_id), "instance/1", b"{}")
    later(waiting)
    assert [(news.host_id, news.sections) for news in answers[0].hosts] == [(two.host_id, (0,))]


def test_what_many_lack_is_told_once(wire: Rig, served: HttpLink) -> None:
    one, two = wire.link.hello(HELLO), wire.link.hello(replace(HELLO, name="three"))
    wire.say("network/n", "network/n", b"{}")
    answer = served.fetch_many(FetchMany(asks=(asking(one, network_n=0), asking(two, network_n=0)), wait_s=0.0))
    assert [delta.key for delta in answer.sections] == ["network/n"]
    assert [news.sections for news in answer.hosts] == [(0,), (0,)]


def test_one_of_many_may_be_stale(wire: Rig, served: HttpLink) -> None:
    one, two = wire.link.hello(HELLO), wire.link.hello(replace(HELLO, name="three"))
    stale = replace(two, session=SessionId("old"))
    answer = served.fetch_many(FetchMany(asks=(asking(one), asking(stale)), wait_s=50.0))
    assert [(news.host_id, news.stale) for news in answer.hosts] == [(two.host_id, True)]
    taken = served.report_many(ReportMany(reports=(reporting(one), reporting(stale))))
    assert taken.stale == (two.host_id,)


def test_silence_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        HttpLink(tmp_path / "nobody.sock").hello(HELLO)


def test_a_closed_link_wakes_who_waits(wire: Rig, served: HttpLink) -> None:
    welcome = wire.link.hello(HELLO)
    ended: list[str] = []

    def wait() -> None:
        try:
            wire.link.fetch(asking(welcome, wait_s=50.0))
        except Unavailable as e:
            ended.append(e.code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while waiting.is_alive():
        served.close()
        waiting.join(0.05)
    assert ended == ["unavailable"]


def test_a_server_that_came_back_is_spoken_to_again(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "link.sock"
    first = Served(cloud, path)
    link = HttpLink(path)
    welcome = link.hello(HELLO)
    first.stop()
    path.unlink(missing_ok=True)
    second = Served(cloud, path)
    assert link.fetch(asking(welcome)).sections == ()
    link.close()
    second.stop()
