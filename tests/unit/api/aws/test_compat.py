"""The action tables: every operation has a wire, a handler and a policy; the page that shows them is current."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from kumoi.api.aws import sts
from kumoi.api.aws.ec2 import tongue as ec2
from kumoi.api.aws.protocol import service
from kumoi.core.policy import ACTIONS

NOBODY: Any = None
TABLES = {"ec2": ec2.actions(NOBODY), "sts": sts.actions(NOBODY)}


@pytest.mark.parametrize("name", TABLES)
def test_every_operation_that_we_can_parse_is_served(name: str) -> None:
    names = [a.name for a in TABLES[name]]
    assert len(set(names)) == len(names)
    assert set(names) == service(name).names


@pytest.mark.parametrize("name", TABLES)
def test_every_operation_has_a_policy(name: str) -> None:
    assert [a.name for a in TABLES[name] if a.action not in ACTIONS] == []


def test_the_page_is_current(clone: Path) -> None:
    spec = importlib.util.spec_from_file_location("compat_aws", clone / "tools/compat_aws.py")
    assert spec is not None
    assert spec.loader is not None
    compat = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compat)
    if (clone / "docs/compat-aws.md").read_text() != compat.page():
        pytest.fail("docs/compat-aws.md is old: python tools/compat_aws.py", pytrace=False)
