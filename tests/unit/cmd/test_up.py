"""`kumoi up`: what it says where it changes nothing."""

from pathlib import Path

from kumoi.cmd.up import unheeded
from kumoi.runtime import settings


def test_flags_that_the_running_cloud_does_not_follow_are_named(tmp_path: Path) -> None:
    in_force = settings.load(tmp_path, environ={"KUMOI_CLOUD__HOSTS": "3"})
    addresses = {"api": "127.0.0.1:5868", "s3": "127.0.0.1:5867"}
    same: dict[str, settings.Value | None] = {"cloud.hosts": 3, "api.port": 5868, "s3.port": None}
    assert unheeded(same, in_force, addresses) == []
    told = unheeded({"cloud.hosts": 9, "api.port": 5866}, in_force, addresses)
    assert [line.partition(" in the")[0] for line in told] == ["--hosts is 3", "--port is 5868"]
