"""Our wire against botocore's own serializer and parser: what it sends we read, what we send it reads."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.model import OperationModel
from botocore.parsers import create_parser
from tests.unit.api.aws.samples import as_ours, form_of, ours, sample, theirs

from kumoi.api.aws.protocol import Operation, service

SERVED = [(s, n) for s in ("ec2", "sts") for n in sorted(service(s).names)]
# Whole services that we do not serve: the rules of the query protocol that the served ones do not use.
WHOLE = ["sdb", "iam", "elb", "cloudformation", "autoscaling"]


@pytest.mark.parametrize(("name", "action"), SERVED)
def test_every_parameter_arrives(name: str, action: str) -> None:
    arrives(theirs(name).operation_model(action), service(name).named(action))


@pytest.mark.parametrize(("name", "action"), SERVED)
def test_every_member_is_told(name: str, action: str) -> None:
    told(theirs(name).operation_model(action), service(name).named(action))


@pytest.mark.parametrize("name", WHOLE)
def test_the_protocols_other_ways(name: str) -> None:
    whole, mine = theirs(name), ours(name)
    for action in whole.operation_names:
        arrives(whole.operation_model(action), mine.named(action))
        told(whole.operation_model(action), mine.named(action))


def arrives(operation: OperationModel, mine: Operation) -> None:
    if operation.input_shape is None:
        assert mine.parse([("Action", mine.name)]) == {}
        return
    values = sample(operation.input_shape)
    assert mine.parse(form_of(operation, values)) == as_ours(values)


def told(operation: OperationModel, mine: Operation) -> None:
    values = sample(operation.output_shape) if operation.output_shape is not None else {}
    assert parsed(operation, mine.render(as_ours(values), "req-1")) == values


def parsed(operation: OperationModel, document: bytes) -> dict[str, Any]:
    response = {"body": document, "headers": {}, "status_code": 200}
    parser = create_parser(operation.service_model.protocol)
    found: dict[str, Any] = parser.parse(response, operation.output_shape)
    assert found.pop("ResponseMetadata")["RequestId"] == "req-1"
    return found


def test_empty_lists_are_told() -> None:
    operation = theirs("ec2").operation_model("DescribeInstances")
    document = service("ec2").named("DescribeInstances").render({"Reservations": []}, "req-1")
    assert parsed(operation, document) == {"Reservations": []}


def test_what_has_no_output_says_that_it_was_done() -> None:
    document = service("ec2").named("CreateTags").render({}, "req-1")
    assert b"<return>true</return>" in document


@pytest.mark.parametrize(("name", "status"), [("ec2", 400), ("sts", 403), ("sts", 500)])
def test_refusals_are_understood(name: str, status: int) -> None:
    document = service(name).error("InvalidAMIID.NotFound", "no <image> \x00 雲", "req-9", status)
    response = {"body": document, "headers": {}, "status_code": status}
    action = "DescribeInstances" if name == "ec2" else "GetCallerIdentity"
    operation = theirs(name).operation_model(action)
    found = create_parser(operation.service_model.protocol).parse(response, operation.output_shape)
    assert found["Error"]["Code"] == "InvalidAMIID.NotFound"
    assert found["Error"]["Message"] == "no <image> \ufffd 雲"
    assert found["ResponseMetadata"]["RequestId"] == "req-9"


def test_the_models_are_what_the_tool_makes_of_botocore(clone: Path) -> None:
    done = subprocess.run(
        [sys.executable, clone / "tools" / "prune_models.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
