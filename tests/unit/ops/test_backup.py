"""The file of a backup: what was put in comes out, and what was not written so is refused and leads nowhere."""

import io
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumoi.core.errors import Invalid, KumoiError, Unsupported
from kumoi.ops.backup import archive, contents, placing
from kumoi.ops.backup.archive import Manifest
from kumoi.runtime.state_folder import StateFolder

MANIFEST = Manifest(version="1", made_at=5.0, cloud_id="c", revision="0040", simulated=True, host="h", images=True)
BLOB = "ab" * 32
FILES = {
    "db/kumoi.sqlite": b"database" * 1000,
    "keys/vault": b"secret",
    "keys/tokens/0": b"another",
    f"blobs/ab/{BLOB}": bytes(100_000),
    "lib/kumoi/ledger": b"{}\n",
    "kumoi.toml": b"",
}


def written(folder: Path) -> bytes:
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    out = io.BytesIO()
    archive.write(out, MANIFEST, ((name, folder / name) for name in FILES))
    return out.getvalue()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("backup") / "files")


def refusal(data: bytes, folder: Path) -> KumoiError:
    folder.mkdir()
    with pytest.raises(KumoiError) as told:
        archive.unpack(io.BytesIO(data), folder)
    return told.value


def test_what_was_put_in_comes_out_for_its_owner_only(whole: bytes, tmp_path: Path) -> None:
    assert archive.unpack(io.BytesIO(whole), tmp_path) == MANIFEST
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in FILES} == {0o600}


def test_a_cut_one_is_refused_wherever_it_was_cut(whole: bytes, tmp_path: Path) -> None:
    end = len(whole.rstrip(b"\0"))
    for size in (*range(0, 2048, 100), *(end * share // 20 for share in range(1, 20))):
        error = refusal(whole[:size], tmp_path / str(size))
        assert isinstance(error, Invalid), size
        assert error.facts["reason"] in {"backup_cut", "not_a_backup"}, size


def test_one_whose_bytes_changed_names_the_file(whole: bytes, tmp_path: Path) -> None:
    at = whole.index(b"secret")
    error = refusal(whole[:at] + b"SECRET" + whole[at + 6 :], tmp_path / "out")
    assert error.facts == {"field": "FILE", "reason": "backup_damaged", "value": "keys/vault"}


@pytest.mark.parametrize(
    "name", ["../escaped", "/etc/passwd", "keys/../../escaped", "keys/.hidden", "logs/x", "db/other.sqlite"]
)
def test_names_of_others_are_refused(whole: bytes, tmp_path: Path, name: str) -> None:
    error = refusal(with_member(whole, tarfile.TarInfo(name)), tmp_path / "out")
    assert error.facts["reason"] == "backup_damaged"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_link_is_refused(whole: bytes, tmp_path: Path) -> None:
    link = tarfile.TarInfo("keys/vault")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
    assert refusal(with_member(whole, link), tmp_path / "out").facts["reason"] == "backup_damaged"


def with_member(whole: bytes, member: tarfile.TarInfo) -> bytes:
    """The manifest, then this."""
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        first = tar.next()
        assert first is not None
        source = tar.extractfile(first)
        assert source is not None
        told = source.read()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        made.addfile(first, io.BytesIO(told))
        made.addfile(member)
    return out.getvalue()


def test_a_newer_format_says_so(whole: bytes, tmp_path: Path) -> None:
    error = refusal(whole.replace(b'"format":1,', b'"format":2,', 1), tmp_path / "out")
    assert isinstance(error, Unsupported)
    assert (error.facts["found"], error.facts["newest"]) == ("2", archive.FORMAT)


@given(st.binary(max_size=3000))
def test_anything_else_is_no_backup(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    error = refusal(data, tmp_path_factory.mktemp("any") / "out")
    assert error.facts["reason"] == "not_a_backup"


def test_what_was_decided_is_put_in_place_by_whoever_comes_next(whole: bytes, tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "cloud")
    state.prepare()
    (state.root / "db/kumoi.sqlite").write_bytes(b"old")
    (state.root / "db/kumoi.sqlite-wal").write_bytes(b"old log")
    (state.root / "keys/tokens").mkdir()
    (state.root / "keys/tokens/9").write_bytes(b"of another cloud")
    (state.root / "lib/kumoi").mkdir()
    (state.root / "lib/kumoi/ledger").write_bytes(b"newer\n")
    with placing.unpacking(state) as fresh:
        archive.unpack(io.BytesIO(whole), fresh)
        assert not placing.finish(state)  # nothing is decided yet
        placing.decide(state, fresh)
    assert (state.root / "db/kumoi.sqlite").read_bytes() == b"old"
    assert placing.finish(state)
    assert not placing.finish(state)
    assert (state.root / "db/kumoi.sqlite").read_bytes() == FILES["db/kumoi.sqlite"]
    assert not (state.root / "db/kumoi.sqlite-wal").exists()
    assert [p.name for p in (state.root / "keys/tokens").iterdir()] == ["0"]
    assert (state.root / "lib/kumoi/ledger").read_bytes() == b"newer\n"
    assert stat.S_IMODE((state.root / f"blobs/ab/{BLOB}").stat().st_mode) == 0o440
    assert not (state.root / "restore").exists()


def test_a_blob_that_goes_while_it_is_written_is_in_it(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "cloud")
    blob = state.root / f"blobs/ab/{BLOB}"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"image")
    aside = tmp_path / "aside"
    contents.link_blobs(state, aside)
    blob.unlink()
    contents.link_blobs(state, aside)
    assert [(name, path.read_bytes()) for name, path in contents.linked(aside)] == [(f"blobs/ab/{BLOB}", b"image")]
