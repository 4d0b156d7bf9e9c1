"""What msgspec complains about becomes a field, a reason and facts; the words are never passed on raw."""

from typing import Annotated, Literal

import msgspec
import pytest

from kumoi.api.edge.invalid import from_decoder


class Nic(msgspec.Struct, forbid_unknown_fields=True):
    uuid: Annotated[str, msgspec.Meta(pattern="^[0-9a-f-]{36}$")] | None = None
    tag: Annotated[str, msgspec.Meta(max_length=3)] = ""


class Server(msgspec.Struct):
    name: str
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    policy: Literal["a", "b"] = "a"
    nics: list[Nic] = []


class Body(msgspec.Struct):
    server: Server


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ('{"server": {}}', "server.name", "missing"),
        ('{"server": {"name": 1}}', "server.name", "wrong_type"),
        ('{"server": null}', "server", "wrong_type"),
        ("[]", "", "wrong_type"),
        ('{"server": {"name": "a", "count": 0}}', "server.count", "range"),
        ('{"server": {"name": "a", "policy": "c"}}', "server.policy", "not_in_enum"),
        ('{"server": {"name": "a", "nics": [{"uuid": "x"}]}}', "server.nics[0].uuid", "pattern"),
        ('{"server": {"name": "a", "nics": [{"tag": "long"}]}}', "server.nics[0].tag", "length"),
        ('{"server": {"name": "a", "nics": [{"x": 1}]}}', "server.nics[0].x", "unknown_field"),
        ('{"server": ', "", "not_json"),
        ('{"server": {"name": "\\ud800"}}', "", "not_json"),
    ],
)
def test_complaints(body: str, field: str, reason: str) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as caught:
        msgspec.json.decode(body.encode(), type=Body)
    invalid = from_decoder(caught.value)
    assert (invalid.facts["field"], invalid.facts["reason"]) == (field, reason)


def test_facts_are_told() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"server": {"name": "a", "count": 0}}', type=Body)
    assert from_decoder(caught.value).facts["bound"] == ">= 1"
