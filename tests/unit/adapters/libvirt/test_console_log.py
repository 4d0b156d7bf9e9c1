"""A console's log: its end, and that it stays bounded under a writer that appends."""

from pathlib import Path

from kumoi.adapters.libvirt.console_log import KEPT_BYTES, MOST_BYTES, tail, trim


def test_the_end_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 10) == b""
    log.write_bytes(b"0123456789")
    assert [tail(log, limit) for limit in (0, 3, 10, 99)] == [b"", b"789", b"0123456789", b"0123456789"]


def test_a_log_that_grew_too_long_keeps_its_end_and_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * MOST_BYTES)
        trim(log)
        assert log.stat().st_size == MOST_BYTES
        writer.write(b"b" * 10)
        trim(log)
        writer.write(b"c" * 10)
    assert log.stat().st_size == KEPT_BYTES + 10
    assert tail(log, 21) == b"a" + b"b" * 10 + b"c" * 10


def test_no_log_needs_no_trimming(tmp_path: Path) -> None:
    trim(tmp_path / "log")
    assert not (tmp_path / "log").exists()
