"""Volume types, over Cinder's paths: who sees which, what they say, and what is made of them."""

from typing import Any

import pytest
from tests.usecase.cinder import Cinder

from kumoi.app.volumes import types
from kumoi.core.errors import Unsupported
from kumoi.core.volume_types import DEFAULT_TYPE


def made(cinder: Cinder, name: str = "fast", **fields: Any) -> str:
    found: str = cinder.do("POST", "/types", {"volume_type": {"name": name, **fields}})["volume_type"]["id"]
    return found


def names(cinder: Cinder, who: str = "demo", query: str = "") -> set[str]:
    return {one["name"] for one in cinder.get(f"/types?{query}", who)["volume_types"]}


def test_a_cloud_begins_with_a_default_type(cinder: Cinder) -> None:
    assert names(cinder) == {DEFAULT_TYPE.name}
    assert cinder.get("/types/default")["volume_type"]["name"] == DEFAULT_TYPE.name
    cinder.do("DELETE", f"/types/{DEFAULT_TYPE.id}", status=400)


def test_a_type_is_made_changed_and_deleted(cinder: Cinder) -> None:
    specs = {"volume_backend_name": "files", "multiattach": "<is> True"}
    one = made(cinder, description="d", extra_specs=specs)
    shown = cinder.get(f"/types/{one}", "admin")["volume_type"]
    assert shown == {
        "id": one, "name": "fast", "description": "d", "is_public": True, "os-volume-type-access:is_public": True,
        "extra_specs": specs, "qos_specs_id": None,
    }  # fmt: skip
    cinder.do("POST", "/types", {"volume_type": {"name": "fast"}}, status=409)
    cinder.do("PUT", f"/types/{one}", {"volume_type": {"name": "slow", "is_public": False}})
    assert cinder.get(f"/types/{one}", "admin")["volume_type"]["name"] == "slow"
    assert names(cinder, "admin") == {DEFAULT_TYPE.name}
    assert names(cinder, "admin", "is_public=None") == {DEFAULT_TYPE.name, "slow"}
    cinder.do("DELETE", f"/types/{one}", status=202)
    cinder.do("GET", f"/types/{one}", status=404)


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": " "}, {"name": "x" * 256}, {}, {"name": "x", "extra_specs": {"a": None}}]
)
def test_nonsense_is_no_type(cinder: Cinder, body: dict[str, Any]) -> None:
    cinder.do("POST", "/types", {"volume_type": body}, status=400)
    assert names(cinder, "admin", "is_public=None") == {DEFAULT_TYPE.name}


def test_members_see_of_a_type_what_they_may_ask_of_a_volume(cinder: Cinder) -> None:
    one = made(cinder, extra_specs={"volume_backend_name": "files", "multiattach": "<is> True"})
    shown = cinder.get(f"/types/{one}")["volume_type"]
    assert shown["extra_specs"] == {"multiattach": "<is> True"}
    assert "qos_specs_id" not in shown
    found = cinder.get("/types?extra_specs={'multiattach':'<is>%20True'}")["volume_types"]
    assert [t["id"] for t in found] == [one]
    assert cinder.get("/types?extra_specs={'volume_backend_name':'files'}")["volume_types"] == []
    cinder.do("POST", f"/types/{one}/extra_specs", {"extra_specs": {"a": "b"}}, 403, "demo")


def test_extra_specs_are_set_and_dropped_one_by_one(cinder: Cinder) -> None:
    specs = f"/types/{made(cinder, extra_specs={'a': '1'})}/extra_specs"
    cinder.do("POST", specs, {"extra_specs": {"b": "2"}})
    assert cinder.do("PUT", f"{specs}/a", {"a": "3"}) == {"a": "3"}
    assert cinder.get(specs, "admin")["extra_specs"] == {"a": "3", "b": "2"}
    cinder.do("PUT", f"{specs}/a", {"b": "1"}, 400)
    cinder.do("PUT", f"{specs}/a", {"a": "1", "b": "1"}, 400)
    cinder.do("DELETE", f"{specs}/a", status=202)
    cinder.do("DELETE", f"{specs}/a", status=404)
    assert cinder.do("GET", f"{specs}/b") == {"b": "2"}


def test_a_private_type_is_for_the_projects_that_it_was_opened_to(cinder: Cinder) -> None:
    one = made(cinder, **{"os-volume-type-access:is_public": False})
    cinder.do("GET", f"/types/{one}", status=404, who="other")
    action = {"addProjectAccess": {"project": cinder.other}}
    cinder.do("POST", f"/types/{one}/action", action, 202)
    cinder.do("POST", f"/types/{one}/action", action, 409)
    access = cinder.get(f"/types/{one}/os-volume-type-access", "admin")["volume_type_access"]
    assert access == [{"volume_type_id": one, "project_id": cinder.other}]
    assert names(cinder, "other") == {DEFAULT_TYPE.name, "fast"}
    assert names(cinder) == {DEFAULT_TYPE.name}
    cinder.do("POST", f"/types/{one}/action", {"removeProjectAccess": {"project": cinder.other}}, 202)
    assert names(cinder, "other") == {DEFAULT_TYPE.name}


def test_a_public_type_has_no_access_to_change(cinder: Cinder) -> None:
    one = made(cinder)
    cinder.do("POST", f"/types/{one}/action", {"addProjectAccess": {"project": cinder.other}}, 400)
    cinder.do("GET", f"/types/{one}/os-volume-type-access", status=404)


def test_encryption_is_kept_and_no_volume_is_made_of_it(cinder: Cinder) -> None:
    one = made(cinder)
    said = {"provider": "luks", "control_location": "front-end", "cipher": "aes-xts-plain64", "key_size": 256}
    kept = cinder.do("POST", f"/types/{one}/encryption", {"encryption": said})["encryption"]
    assert {k: kept[k] for k in said} == said
    cinder.do("POST", f"/types/{one}/encryption", {"encryption": said}, 400)
    change = {"encryption": {"key_size": 128}}
    assert cinder.do("PUT", f"/types/{one}/encryption/{kept['encryption_id']}", change) == change
    assert cinder.do("GET", f"/types/{one}/encryption/key_size") == {"key_size": 128}
    with pytest.raises(Unsupported):
        cinder.cloud.store.read(lambda tx: types.usable(tx, cinder.cloud.call(), one))
    cinder.do("DELETE", f"/types/{one}/encryption/{kept['encryption_id']}", status=202)
    assert cinder.get(f"/types/{one}/encryption", "admin") == {}
    assert cinder.cloud.store.read(lambda tx: types.usable(tx, cinder.cloud.call(), one)).id == one


def test_a_project_has_a_default_of_its_own(cinder: Cinder) -> None:
    one = made(cinder)
    path = f"/default-types/{cinder.other}"
    cinder.do("PUT", path, {"default_type": {"volume_type": "fast"}})
    assert cinder.get("/default-types", "admin")["default_types"] == [
        {"project_id": cinder.other, "volume_type_id": one}
    ]
    assert cinder.get("/types/default", "other")["volume_type"]["id"] == one
    assert cinder.get("/types/default")["volume_type"]["id"] == DEFAULT_TYPE.id
    cinder.do("DELETE", f"/types/{one}", status=400)
    cinder.do("DELETE", path, status=204)
    cinder.do("GET", path, status=404)
    cinder.do("DELETE", f"/types/{one}", status=202)


def test_a_list_of_types_is_sorted_and_paged(cinder: Cinder) -> None:
    for name in "cab":
        made(cinder, name)
    first = cinder.get("/types?sort=name:asc&limit=2")
    assert [t["name"] for t in first["volume_types"]] == [DEFAULT_TYPE.name, "a"]
    (link,) = first["volume_type_links"]
    second = cinder.get(link["href"].partition("/v3")[2])["volume_types"]
    assert [t["name"] for t in second] == ["b", "c"]
    assert [t["name"] for t in cinder.get("/types?sort_key=name&sort_dir=asc&offset=3")["volume_types"]] == ["c"]
    cinder.do("GET", "/types?sort=colour", status=400)
    cinder.do("GET", "/types?limit=-1", status=400)
