"""How Cinder is found and spoken to: versions, paths with and without a project, refusals."""

import pytest
from tests.usecase.cinder import Cinder

from kumoi.api.openstack.volume.versions import HISTORY, LEAST, MOST


def test_versions_are_told_to_anybody(cinder: Cinder) -> None:
    for path, status in (("/", 300), ("/v3", 200), ("/v3/", 200)):
        answer = cinder.ask("", "GET", path)
        assert answer.status == status
        (one,) = answer.json()["versions"]
        assert (one["id"], one["status"]) == ("v3.0", "CURRENT")
        assert (one["min_version"], one["version"]) == (f"3.{LEAST[1]}", f"3.{MOST[1]}")


def test_the_history_of_versions_only_rises() -> None:
    versions = [version for version, _ in HISTORY]
    assert versions == sorted(set(versions))


def test_an_answer_tells_its_version(cinder: Cinder) -> None:
    answer = cinder.ask("demo", "GET", "/v3/os-availability-zone", version="3.0")
    assert answer.header("OpenStack-API-Version") == "volume 3.0"
    assert answer.header("Vary") == "OpenStack-API-Version"


@pytest.mark.parametrize(("version", "status"), [("3.999", 406), ("2.1", 406), ("latest", 200), ("three", 400)])
def test_a_version_that_is_not_served_is_refused(cinder: Cinder, version: str, status: int) -> None:
    assert cinder.ask("demo", "GET", "/v3/os-availability-zone", version=version).status == status


def test_the_path_may_name_the_tokens_project_and_no_other(cinder: Cinder) -> None:
    plain = cinder.ask("demo", "GET", "/v3/os-availability-zone")
    named = cinder.ask("demo", "GET", f"/v3/{cinder.project}/os-availability-zone")
    assert named.json() == plain.json()
    refused = cinder.ask("demo", "GET", f"/v3/{cinder.other}/os-availability-zone")
    assert refused.status == 400
    assert refused.json()["badRequest"]["code"] == 400


def test_refusals_are_of_cinders_shape(cinder: Cinder) -> None:
    assert cinder.ask("", "GET", "/v3/extensions").json()["unauthorized"]["code"] == 401
    for path in ("/v3/extensions/none", "/v3/nothing/here"):
        answer = cinder.ask("demo", "GET", path)
        assert answer.json()["itemNotFound"]["code"] == answer.status == 404


def test_an_extension_is_shown_by_its_alias(cinder: Cinder) -> None:
    listed = cinder.get("/extensions")["extensions"]
    for one in listed:
        assert cinder.get(f"/extensions/{one['alias']}")["extension"] == one
