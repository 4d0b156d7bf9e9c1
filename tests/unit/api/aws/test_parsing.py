"""Parameters that are wrong, and parameters that nobody would think of: Invalid with their name, or a value."""

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumoi.api.aws.models import ServiceModel, load
from kumoi.api.aws.protocol import Service, service
from kumoi.api.edge.request import decode_pairs
from kumoi.core.errors import Invalid, Unsupported

EC2 = service("ec2")
RUN = [("Action", "RunInstances"), ("MinCount", "1"), ("MaxCount", "2")]


def parse(*pairs: tuple[str, str]) -> dict[str, Any]:
    return EC2.operation(pairs).parse(pairs)


def test_what_belongs_to_the_wire_is_left_out() -> None:
    wire = [
        ("Version", "2016-11-15"),
        ("AWSAccessKeyId", "a"),
        ("X-Amz-Signature", "b"),
        ("Timestamp", "c"),
    ]
    assert parse(*RUN, *wire) == {"MinCount": 1, "MaxCount": 2}


def test_list_indexes_may_have_holes_and_any_order() -> None:
    found = parse(
        ("Action", "DescribeInstances"),
        ("Filter.7.Name", "b"),
        ("Filter.2.Value.9", "y"),
        ("Filter.2.Value.10", "z"),
        ("Filter.2.Name", "a"),
    )
    assert found == {"Filters": [{"Name": "a", "Values": ["y", "z"]}, {"Name": "b"}]}


@pytest.mark.parametrize(
    ("pairs", "field", "reason"),
    [
        ([("Action", "RunInstances"), ("MaxCount", "1")], "MinCount", "missing"),
        ([*RUN, ("Colour", "red")], "Colour", "unknown_field"),
        ([*RUN, ("MinCount", "1")], "MinCount", "twice"),
        ([*RUN, ("MinCount.1", "1")], "MinCount.1", "unknown_field"),
        ([*RUN, ("ImageId.1", "1")], "ImageId", "wrong_type"),
        ([*RUN, ("SecurityGroupId", "sg")], "SecurityGroupId", "unknown_field"),
        ([*RUN, ("SecurityGroupId.x", "sg")], "SecurityGroupId.x", "unknown_field"),
        ([*RUN, ("SecurityGroupId.1", "a"), ("SecurityGroupId.01", "b")], "SecurityGroupId.01", "twice"),
        ([*RUN, ("SecurityGroupId.1.2", "a")], "SecurityGroupId.1", "wrong_type"),
        ([*RUN, ("Monitoring.Enabled", "yes")], "Monitoring.Enabled", "wrong_type"),
        ([*RUN, ("Placement", "")], "Placement", "unknown_field"),
        ([("Action", "RunInstances"), ("MinCount", "x"), ("MaxCount", "1")], "MinCount", "wrong_type"),
        ([("Action", "RunInstances"), ("MinCount", "２"), ("MaxCount", "1")], "MinCount", "wrong_type"),
        ([("Action", "RunInstances"), ("MinCount", "9" * 12), ("MaxCount", "1")], "MinCount", "range"),
        ([("Action", "DescribeInstanceTypes"), ("MaxResults", "1")], "MaxResults", "range"),
        ([("Action", "ImportKeyPair"), ("KeyName", "k"), ("PublicKeyMaterial", "%%")], "PublicKeyMaterial", "base64"),
        ([("Action", "")], "Action", "missing_action"),
        ([], "Action", "missing_action"),
        ([("Action", "Dance")], "Action", "unknown_action"),
        ([("Action", "CreateTags"), ("A." * 20, "1")], "A." * 20, "unknown_field"),
    ],
)  # fmt: skip
def test_wrong(pairs: list[tuple[str, str]], field: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(*pairs)
    assert (caught.value.facts["field"], caught.value.facts["reason"]) == (field, reason)


def test_known_to_aws_but_not_built() -> None:
    with pytest.raises(Unsupported):
        parse(("Action", "CreateVpcPeeringConnection"))


def test_another_service_ignores_what_it_does_not_know() -> None:
    assert service("sts").named("GetCallerIdentity").parse([("Colour", "red")]) == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10.0),
        ("1970-01-01T00:00:10.500Z", 10.5),
        ("1970-01-01T01:00:10+01:00", 10.0),
        ("1970-01-01T00:00:10", 10.0),
    ],
)
def test_times(text: str, seconds: float) -> None:
    typed = small({"At": "timestamp"})
    assert typed.named("Do").parse([("At", text)]) == {"At": seconds}


@pytest.mark.parametrize(("kind", "text"), [("timestamp", "yesterday"), ("double", "nan"), ("double", "1e999")])
def test_values_that_are_none(kind: str, text: str) -> None:
    with pytest.raises(Invalid):
        small({"At": kind}).named("Do").parse([("At", text)])


def small(members: dict[str, str]) -> Service:
    """A service of one operation whose input has plain members of these types, and itself under `Again`."""
    shapes: dict[str, Any] = {kind: {"type": kind} for kind in members.values()}
    own = {name: {"shape": kind} for name, kind in members.items()}
    shapes["In"] = {"type": "structure", "members": {**own, "Again": {"shape": "In"}}}
    model = {
        "metadata": {"apiVersion": "1", "protocol": "ec2", "serviceId": "S", "xmlNamespace": "x"},
        "operations": {"Do": {"input": {"shape": "In"}, "output": {"shape": "In"}}},
        "shapes": shapes,
        "known": ["Do"],
    }
    return Service(msgspec.convert(model, ServiceModel))


def test_a_shape_may_hold_itself() -> None:
    do = small({"At": "integer"}).named("Do")
    assert do.parse([("Again.Again.At", "3")]) == {"Again": {"Again": {"At": 3}}}
    assert b"<Again><Again><At>3</At></Again></Again>" in do.render({"Again": {"Again": {"At": 3}}}, "r")


def parts() -> st.SearchStrategy[str]:
    names = sorted({n for s in load("ec2").shapes.values() for n in s.members})[:200]
    return st.sampled_from([*names, "1", "2", "07", "", "Filter", "Value", "Name", "x"]) | st.text(max_size=3)


@given(
    action=st.sampled_from(sorted(EC2.names)),
    fields=st.lists(
        st.tuples(st.lists(parts(), min_size=1, max_size=4).map(".".join), st.text(max_size=8)),
        max_size=8,
    ),
)
def test_anything_is_a_value_or_invalid(action: str, fields: list[tuple[str, str]]) -> None:
    found: dict[str, Any] | None = None
    refused: Invalid | None = None
    try:
        found = parse(("Action", action), *fields)
    except Invalid as invalid:
        refused = invalid
    assert (found is not None) or (refused is not None and {"field", "reason"} <= refused.facts.keys())


@given(st.binary(max_size=300))
def test_any_body_is_pairs_or_invalid(body: bytes) -> None:
    try:
        pairs = decode_pairs(body)
        EC2.operation(pairs).parse(pairs)
    except (Invalid, Unsupported):
        return


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_comes_back_as_it_was_or_marked(text: str) -> None:
    from lxml import etree

    document = EC2.named("DescribeKeyPairs").render({"KeyPairs": [{"KeyName": text}]}, "r")
    found = etree.fromstring(document).findtext(".//{*}keyName") or ""
    assert len(found) == len(text)
    assert all(f in (t, "\ufffd") for f, t in zip(found, text, strict=True))


def test_form_encoding_is_boto2s_too() -> None:
    body = urlencode([("Action", "CreateTags"), ("ResourceId.1", "i-1"), ("Tag.1.Key", "a b"), ("Tag.1.Value", "")])
    assert parse(*decode_pairs(body.encode())) == {
        "Resources": ["i-1"],
        "Tags": [{"Key": "a b", "Value": ""}],
    }
