"""QoS specs of volumes and the types that they limit; types of groups."""

import pytest
from tests.usecase.cinder import Cinder

from kumoi.core.volume_group_types import DEFAULT_GROUP_TYPE


def qos(cinder: Cinder, name: str = "gold", **words: str) -> str:
    found: str = cinder.do("POST", "/qos-specs", {"qos_specs": {"name": name, **words}})["qos_specs"]["id"]
    return found


def volume_type(cinder: Cinder, name: str) -> str:
    found: str = cinder.do("POST", "/types", {"volume_type": {"name": name}})["volume_type"]["id"]
    return found


def test_specs_are_set_unset_and_deleted(cinder: Cinder) -> None:
    one = qos(cinder, consumer="front-end", total_iops_sec="500")
    assert cinder.do("PUT", f"/qos-specs/{one}", {"qos_specs": {"a": "1"}}) == {"qos_specs": {"a": "1"}}
    shown = cinder.get(f"/qos-specs/{one}", "admin")["qos_specs"]
    assert shown["consumer"] == "front-end"
    assert shown["specs"] == {"total_iops_sec": "500", "a": "1"}
    cinder.do("PUT", f"/qos-specs/{one}/delete_keys", {"keys": ["a"]}, 202)
    cinder.do("PUT", f"/qos-specs/{one}/delete_keys", {"keys": ["a"]}, 400)
    assert cinder.get("/qos-specs", "admin")["qos_specs"][0]["specs"] == {"total_iops_sec": "500"}
    cinder.do("DELETE", f"/qos-specs/{one}", status=202)
    cinder.do("GET", f"/qos-specs/{one}", status=404)


@pytest.mark.parametrize(("words", "status"), [({"name": ""}, 400), ({"name": "a", "consumer": "me"}, 400)])
def test_nonsense_is_refused(cinder: Cinder, words: dict[str, str], status: int) -> None:
    cinder.do("POST", "/qos-specs", {"qos_specs": words}, status)


def test_types_are_associated_and_let_go(cinder: Cinder) -> None:
    one, first, second = qos(cinder), volume_type(cinder, "a"), volume_type(cinder, "b")
    for type_id in (first, second):
        cinder.do("GET", f"/qos-specs/{one}/associate?vol_type_id={type_id}", status=202)
    assert {a["id"] for a in cinder.get(f"/qos-specs/{one}/associations", "admin")["qos_associations"]} == {
        first, second,
    }  # fmt: skip
    assert cinder.get(f"/types/{first}", "admin")["volume_type"]["qos_specs_id"] == one
    cinder.do("GET", f"/qos-specs/{qos(cinder, 'other')}/associate?vol_type_id={first}", status=400)
    cinder.do("DELETE", f"/qos-specs/{one}", status=400)
    cinder.do("GET", f"/qos-specs/{one}/disassociate?vol_type_id={first}", status=202)
    assert [a["id"] for a in cinder.get(f"/qos-specs/{one}/associations", "admin")["qos_associations"]] == [second]
    cinder.do("DELETE", f"/qos-specs/{one}?force=True", status=202)
    assert cinder.get(f"/types/{second}", "admin")["volume_type"]["qos_specs_id"] is None


def test_members_neither_see_nor_change_them(cinder: Cinder) -> None:
    one, type_id = qos(cinder), volume_type(cinder, "a")
    for path in ("/qos-specs", f"/qos-specs/{one}", f"/qos-specs/{one}/associate?vol_type_id={type_id}"):
        cinder.do("GET", path, status=403, who="demo")
    assert cinder.get(f"/types/{type_id}", "admin")["volume_type"]["qos_specs_id"] is None


def test_group_types_are_made_changed_and_deleted(cinder: Cinder) -> None:
    body = {"group_type": {"name": "g", "is_public": False, "group_specs": {"a": "<is> True"}}}
    one = cinder.do("POST", "/group_types", body, 202)["group_type"]["id"]
    cinder.do("GET", f"/group_types/{one}", status=404, who="demo")
    cinder.do("PUT", f"/group_types/{one}", {"group_type": {"is_public": True, "description": "d"}})
    shown = cinder.get(f"/group_types/{one}")["group_type"]
    assert shown == {"id": one, "name": "g", "description": "d", "is_public": True}
    specs = f"/group_types/{one}/group_specs"
    cinder.do("POST", specs, {"group_specs": {"b": "c"}}, 202)
    cinder.do("PUT", f"{specs}/b", {"b": "d"})
    cinder.do("DELETE", f"{specs}/a", status=202)
    assert cinder.get(specs, "admin") == {"group_specs": {"b": "d"}}
    assert [t["name"] for t in cinder.get("/group_types?sort=name:asc")["group_types"]] == [
        DEFAULT_GROUP_TYPE.name, "g",
    ]  # fmt: skip
    cinder.do("DELETE", f"/group_types/{one}", status=202)
    cinder.do("GET", f"/group_types/{one}", status=404)
    assert cinder.ask("admin", "GET", "/v3/group_types", version="3.10").status == 404
