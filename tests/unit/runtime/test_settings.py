"""Settings: the order of origins, and errors that name the key."""

from pathlib import Path

import pytest

from kumoi.core.errors import Invalid
from kumoi.runtime import settings


def test_defaults_need_no_file(tmp_path: Path) -> None:
    got = settings.load(tmp_path, {})
    assert (got.api.port, got.s3.port, got.cloud.region) == (5866, 5867, "RegionOne")
    assert got.database_url == f"sqlite:///{tmp_path}/db/kumoi.sqlite"
    assert got.origins["api.port"] == "default"
    assert not got.explicit("api.port")


def test_file_then_environment_then_flag(tmp_path: Path) -> None:
    (tmp_path / "kumoi.toml").write_text("[api]\nport = 1\n[cloud]\nregion = 'a'\nhosts = 3\n")
    got = settings.load(tmp_path, {"KUMOI_API__PORT": "2", "KUMOI_CLOUD__HOSTS": "4"}, {"api.port": 3})
    assert (got.api.port, got.cloud.hosts, got.cloud.region) == (3, 4, "a")
    assert got.origins["api.port"] == "--port"
    assert got.origins["cloud.hosts"] == "KUMOI_CLOUD__HOSTS"
    assert got.origins["cloud.region"] == "kumoi.toml"


@pytest.mark.parametrize(
    ("text", "environ", "field"),
    [
        ("[api]\nprot = 1", {}, "api.prot"),
        ("[apis]\nport = 1", {}, "apis.port"),
        ("[api]\nport = 'x'", {}, "api.port"),
        ("[api]\nport = 70000", {}, "api.port"),
        ("[compute]\naccelerator = 'xen'", {}, "compute.accelerator"),
        ("port = 1", {}, "port"),
        ("[api", {}, "kumoi.toml"),
        ("", {"KUMOI_API__PORT": "many"}, "api.port"),
        ("", {"KUMOI_API__PROT": "1"}, "api.prot"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, environ: dict[str, str], field: str) -> None:
    (tmp_path / "kumoi.toml").write_text(text)
    with pytest.raises(Invalid) as e:
        settings.load(tmp_path, environ)
    assert e.value.facts["field"] == field


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    chosen: dict[str, settings.Value | None] = {
        "cloud.simulate": True,
        "cloud.hosts": 5,
        "api.host": 'a"b',
        "s3.port": None,
    }
    settings.write(tmp_path, chosen)
    got = settings.load(tmp_path, {})
    assert (got.cloud.simulate, got.cloud.hosts, got.api.host) == (True, 5, 'a"b')
    assert got.origins["s3.port"] == "default"


def test_flags_travel_by_environment(tmp_path: Path) -> None:
    environ = settings.environment({"cloud.simulate": True, "api.port": 7, "s3.port": None})
    got = settings.load(tmp_path, environ)
    assert (got.cloud.simulate, got.api.port, got.s3.port) == (True, 7, 5867)


def test_who_cannot_read_the_file_is_told_by_environment(tmp_path: Path) -> None:
    (tmp_path / "kumoi.toml").write_text("[log]\nlevel = 'debug'\n[retention]\nquarantine_s = 5\n")
    known = settings.load(tmp_path, {"KUMOI_CLOUD__SIMULATE": "true"})
    told = settings.load(tmp_path / "elsewhere", settings.environment(settings.chosen(known)))
    assert (told.log, told.retention, told.cloud) == (known.log, known.retention, known.cloud)
