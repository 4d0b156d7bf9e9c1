"""Events as CADF's audit records: what the standard requires is there, in its own words."""

from kumoi.api.operator.cadf import record_of
from kumoi.core.events import Event


def event(action: str, kind: str) -> Event:
    return Event(
        id="e", at=1.5, action=action, kind=kind, resource_id="r", project_id="p", user_id="u", request_id="req-1",
        facts={"name": "web"},
    )  # fmt: skip


def test_a_record_says_who_did_what_to_what_and_when() -> None:
    told = record_of(event("user.create", "user"), "RegionOne")
    assert (told["action"], told["outcome"]) == ("create", "success")
    assert told["eventTime"] == "1970-01-01T00:00:01.500000+00:00"
    assert told["initiator"]["id"] == "u"
    assert told["initiator"]["request_id"] == "req-1"
    assert (told["target"]["id"], told["target"]["typeURI"]) == ("r", "data/security/account/user")
    assert told["attachments"] == [{"name": "name", "typeURI": "xs:string", "content": "web"}]


def test_what_the_standard_has_no_word_for_is_narrowed_or_ours() -> None:
    told = record_of(event("instance.power_off", "keypair"), "RegionOne")
    assert (told["action"], told["target"]["typeURI"]) == ("update/power_off", "data/kumoi/keypair")
