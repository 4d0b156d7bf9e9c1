"""`kumoi logs`: JSON lines of several programs, and libvirtd's own, in one order."""

from pathlib import Path

import pytest

from kumoi.cmd import logs
from kumoi.core.errors import NotFound
from kumoi.runtime.state_folder import StateFolder


def test_every_program_s_lines_with_their_time(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "serve.log.1").write_text('{"at":"2026-11-20T13:00:00.5Z","event":"old"}\n')
    (folder / "serve.log").write_text('{"at":"2026-11-20T13:00:02.5Z","event":"new"}\nTraceback\n\n')
    (folder / "libvirtd.log").write_text("2026-11-20 13:00:01.229+0000: 1: error : x\n")
    lines = [logs.parse(line) for line in logs.read(StateFolder(tmp_path), None)]
    lines.sort(key=lambda line: str(line["at"]))
    assert [line["event"] for line in lines] == [
        "old",
        "2026-11-20 13:00:01.229+0000: 1: error : x",
        "new",
        "Traceback",
    ]
    assert [line.get("program") for line in lines][1::2] == ["libvirtd", "serve"]
    assert len(list(logs.read(StateFolder(tmp_path), "libvirtd"))) == 1


def test_a_line_for_people() -> None:
    line = {"at": "2026-11-20T13:00:00.123456Z", "program": "agent", "level": "error", "event": "broke"}
    facts = {"request_id": "req-1", "list": [1], "exception": "Traceback\n  why"}
    assert logs.render(line | facts) == (
        "2026-11-20 13:00:00.123 agent      ERROR broke  request_id=req-1 list=[1]\n    Traceback\n      why"
    )


def test_a_program_that_has_no_log_is_named_with_those_that_have(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/serve.log").touch()
    logs.require_log(StateFolder(tmp_path), "serve")
    logs.require_log(StateFolder(tmp_path), None)
    with pytest.raises(NotFound) as refused:
        logs.require_log(StateFolder(tmp_path), "nope")
    assert refused.value.facts["known"] == ["serve"]
