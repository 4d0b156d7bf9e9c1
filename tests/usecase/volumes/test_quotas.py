"""Limits of volumes over Cinder's paths: of projects, of volume types, and what all projects begin with."""

from tests.usecase.cinder import Cinder

from kumoi.app.identity import people
from kumoi.app.writing import charge
from kumoi.core.ids import ProjectId, VolumeTypeId
from kumoi.core.tenancy import Project
from kumoi.core.volume_types import per_type


def quota(cinder: Cinder, who: str = "admin", query: str = "") -> dict[str, object]:
    found: dict[str, object] = cinder.get(f"/os-quota-sets/{cinder.project}{query}", who)["quota_set"]
    return found


def test_limits_are_set_and_set_back(cinder: Cinder) -> None:
    usual = quota(cinder, "demo")
    path = f"/os-quota-sets/{cinder.project}"
    done = cinder.do("PUT", path, {"quota_set": {"volumes": 11, "gigabytes": "7", "groups": -1}})["quota_set"]
    assert (done["volumes"], done["gigabytes"], done["groups"]) == (11, 7, -1)
    assert quota(cinder)["volumes"] == 11
    assert cinder.get(f"{path}/defaults")["quota_set"] == usual
    cinder.do("DELETE", path)
    assert quota(cinder) == usual
    for wrong in ({"volumes": -2}, {"volumes": "many"}, {"colour": 1}):
        cinder.do("PUT", path, {"quota_set": wrong}, 400)
    cinder.do("PUT", path, {"quota_set": {"volumes": 1}}, 403, "demo")
    cinder.do("GET", path, status=403, who="other")


def test_what_is_used_is_told(cinder: Cinder) -> None:
    cinder.cloud.store.write(lambda tx: charge(tx, ProjectId(cinder.project), "v", volumes=2, gigabytes=5))
    used = quota(cinder, "demo", "?usage=True")
    assert used["volumes"] == {"limit": 20, "in_use": 2, "reserved": 0}
    absolute = cinder.get("/limits")["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"], absolute["maxTotalVolumes"]) == (2, 5, 20)
    assert cinder.get(f"/limits?project_id={cinder.other}", "admin")["limits"]["absolute"]["totalVolumesUsed"] == 0
    path = f"/os-quota-sets/{cinder.project}?skip_validation=False"
    cinder.do("PUT", path, {"quota_set": {"volumes": 1}}, 400)


def test_a_volume_type_has_limits_of_its_own(cinder: Cinder) -> None:
    kind = cinder.do("POST", "/types", {"volume_type": {"name": "fast"}})["volume_type"]["id"]
    assert quota(cinder)["gigabytes_fast"] == -1
    cinder.do("PUT", f"/os-quota-sets/{cinder.project}", {"quota_set": {"gigabytes_fast": 3}})
    limited = per_type("gigabytes", VolumeTypeId(kind))
    cinder.cloud.store.write(lambda tx: charge(tx, ProjectId(cinder.project), "v", **{limited: 3}))
    assert quota(cinder, "demo", "?usage=True")["gigabytes_fast"] == {"limit": 3, "in_use": 3, "reserved": 0}


def test_the_default_class_is_what_projects_have_that_have_nothing_of_their_own(cinder: Cinder) -> None:
    cinder.do("PUT", f"/os-quota-sets/{cinder.other}", {"quota_set": {"volumes": 3}})
    cinder.do("POST", "/types", {"volume_type": {"name": "fast"}})
    wished = {"volumes": 21, "volumes_fast": 4}
    changed = cinder.do("PUT", "/os-quota-class-sets/default", {"quota_class_set": wished})["quota_class_set"]
    assert wished.items() <= changed.items()
    assert wished.items() <= cinder.get("/os-quota-class-sets/default", "admin")["quota_class_set"].items()
    assert wished.items() <= quota(cinder).items()
    assert cinder.get(f"/os-quota-sets/{cinder.other}", "admin")["quota_set"]["volumes"] == 3
    admin = cinder.cloud.call(admin=True)
    new = people.create_project(cinder.cloud.house, admin, Project(id=ProjectId(""), account="", name="new")).id
    assert wished.items() <= cinder.get(f"/os-quota-sets/{new}", "admin")["quota_set"].items()
    cinder.do("GET", "/os-quota-class-sets/default", status=403, who="demo")
