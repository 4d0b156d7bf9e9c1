"""Writes docs/compat-aws.md: which of AWS's operations work here, from the tongues' own tables.

Run it after adding an operation: `python tools/compat_aws.py`. tests/unit/api/aws/test_compat.py fails while it is
not current.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kumoi.api.aws import sts
from kumoi.api.aws.actions import Action
from kumoi.api.aws.ec2 import tongue as ec2
from kumoi.api.aws.protocol import service
from kumoi.core.policy import ACTIONS

PAGE = Path(__file__).parent.parent / "docs/compat-aws.md"
HEAD = """# AWS operations

What of AWS's APIs works here. Written by `tools/compat_aws.py` from the tongues' own tables; do not edit. *Works*: an
unmodified client calls it, and tests do so. An operation that is not built answers `UnsupportedOperation`
(`InvalidAction` outside EC2); a parameter that is not built answers so too, and is never silently left out.

Limits of what works, and what has no home here: [no-home.md](no-home.md).
"""


def page() -> str:
    """The whole document."""
    nobody: Any = None  # the tables need no house: only their handlers would
    return HEAD + _service("EC2", "ec2", ec2.actions(nobody)) + _service("STS", "sts", sts.actions(nobody))


def _service(title: str, name: str, actions: Sequence[Action]) -> str:
    known = service(name).known
    missing = sorted(known - {a.name for a in actions})
    rows = "".join(f"| {a.name} | works | {ACTIONS[a.action]} |\n" for a in sorted(actions, key=lambda a: a.name))
    return (
        f"\n## {title}: {len(actions)} of {len(known)}\n\n| operation | | may be called by |\n|---|---|---|\n{rows}"
        f"\n### Not built\n\n{_by_verb(missing)}"
    )


def _by_verb(names: Sequence[str]) -> str:
    """`Describe`: A · B …, so that eight hundred names can be read."""
    found: dict[str, list[str]] = {}
    for name in names:
        verb = re.match(r"[A-Z][a-z]+", name)
        found.setdefault(verb.group() if verb else name, []).append(name)
    return "".join(f"- **{verb}**: {' · '.join(group)}\n" for verb, group in sorted(found.items()))


if __name__ == "__main__":
    PAGE.write_text(page())
