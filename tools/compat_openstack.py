"""Writes docs/compat-openstack.md: what of Tempest passes against a simulated cloud, counted from its own results.

A run leaves a `results.tsv` for each list: status, test, last line of the reason, with a line for every test that was
asked for, whether it ran or not. Then:

    python tools/compat_openstack.py 2026-11-20 identity=…/results.tsv image=… compute=… network=… volume=…

Services that are not named keep what the page says of them. Why something is left is in `compat_reasons`.

A failure is *not built* when the answer itself says so, or when nothing answers there; all other failures are *wrong*:
they are ours to mend. What Tempest left out, or could try in a real guest only, is *not tried*, and no pass.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from compat_reasons import REASONS

Outcome = Literal["pass", "not built", "not tried", "wrong"]

PAGE = Path(__file__).parent.parent / "docs/compat-openstack.md"
TITLES = {"identity": "Keystone", "image": "Glance", "compute": "Nova", "network": "Neutron", "volume": "Cinder"} | {
    "guests": "Neutron in real guests",
    "placement": "Placement",
}
HEAD = """# OpenStack compatibility

How many tests of [Tempest](https://docs.openstack.org/tempest/latest/) 47 and its plugins pass against this version.
Written by `tools/compat_openstack.py` from the results of runs against a simulated cloud of a few hosts, every feature
switched on, on {date}.

A test that was skipped or never ran is no pass. Neutron's scenarios log in to guests, which a simulated cloud has none
of: they count as not tried there. *Neutron in real guests* are those of them that were tried on a real cloud, in guests of
the tiny image with Debian's tools added that Tempest calls: bash, nc, ncat, nping, tcpdump, curl, ping, ip, sudo.
Neutron's list was told of what a cloud may lack and Tempest cannot see: a physical network and VLANs beside VXLAN, one
zone, shared resources (`provider_vlans`, `available_type_drivers`, `agent_availability_zone`,
`create_shared_resources`), and there were default subnet pools; in guests of distributed routers
(`l3_agent_mode`) and, for three tests, of a firewall that can what OVN's can (`firewall_driver`). Of *Placement* its own
tests are run, the gabbits of openstack-placement 16, over HTTP against a cloud without hosts, with their fixtures made
by the API; those that need another policy in the service's own process are not.

- **not built**: the cloud says so (404 for a path, 405, 406 for a microversion, 501), or has no such attribute.
- **not tried**: Tempest leaves it out: a service is not there, a feature cannot be tried without a real guest.
- **wrong**: we offer it, and the answer is not what the client expects. Every one is listed below, and is ours to mend.

To write it anew: start a cloud (`./kumoi up --simulate --hosts 4 --state DIR`), run each list against its
`/identity/v3` as its administrator, give the results to the tool.

| service | passed | not built | not tried | wrong |
|---|---|---|---|---|
"""
GUESTS = "guests"
GABBIT = re.compile(r"live\.([^_]+)_(.*)\.test_request")  # a test of Placement's own: its file and its name
NOT_BUILT = re.compile(
    r"Nothing is served|is not built|There is no action|\b405\b|is not served;|no swap or ephemeral disks yet|"
    r"Unrecognized attribute|^KeyError: '|set_locations|'[a-z0-9_-]+' not in \['agent'"
)
NEEDS_GUESTS = re.compile(r"TimeoutException|KeyboardInterrupt|SSH|^$")
NOISE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}"), "…"),
    (re.compile(r"[0-9a-f]{32}"), "…"),
    (re.compile(r"tempest-[\w-]+"), "…"),
    (re.compile(r"0x[0-9a-f]+"), "…"),
    (re.compile(r"^(Details: |testtools\.matchers\._impl\.)"), ""),
    (re.compile(r"\s+"), " "),
)


class Test(NamedTuple):
    area: str
    name: str
    outcome: Outcome
    reason: str


def read(path: Path, service: str) -> list[Test]:
    """Every test of a list."""
    lines = path.read_text().splitlines()
    return [_test(*line.split("\t", 2), in_guests=service == GUESTS) for line in lines]


def _test(status: str, test: str, reason: str = "", *, in_guests: bool) -> Test:
    if gabbit := GABBIT.fullmatch(test):
        return Test(gabbit[1], gabbit[2], _outcome(status, reason, scenario=False), reason)
    module, _, name = test.partition("[")[0].rpartition(".")
    area = module.rpartition(".")[0]
    for word in ("tempest.api.", "neutron_tempest_plugin.api.", "keystone_tempest_plugin.tests.api.", "cinder_tempest_plugin.api."):
        area = area.removeprefix(word)
    area = re.sub(r"^(identity|image|compute|network|volume)\.(v[23]\.)?", "", area).replace("test_", "")
    scenario = ".scenario." in test
    return Test(area, name, _outcome(status, reason, scenario=scenario), reason)


def _outcome(status: str, reason: str, *, scenario: bool) -> Outcome:
    if status == "pass":
        return "pass"
    if scenario and NEEDS_GUESTS.search(reason):
        return "not tried"
    if NOT_BUILT.search(reason):
        return "not built"
    return "wrong" if status == "fail" else "not tried"


def page(date: str, runs: dict[str, list[Test]], before: str) -> str:
    """The whole document. What is not run anew stays as it was `before`."""
    rows, sections = "", ""
    for name, title in TITLES.items():
        if name in runs:
            rows += _row(title, runs[name])
            sections += _service(name, runs[name])
        else:
            rows += "".join(re.findall(rf"^\| {title} \|.*\n", before, re.MULTILINE)[:1])
            sections += "".join(re.findall(rf"^(\n## {title}\n.*?)(?=\n## |\Z)", before, re.MULTILINE | re.DOTALL)[:1])
    return HEAD.format(date=date) + rows + sections


def _service(name: str, tests: list[Test]) -> str:
    areas: dict[str, list[Test]] = {}
    for test in tests:
        areas.setdefault(test.area, []).append(test)
    complete = [
        f"{area} ({len(those)})" for area, those in sorted(areas.items()) if _count(those, "pass") == len(those)
    ]
    partly = {area: those for area, those in sorted(areas.items()) if _count(those, "pass") < len(those)}
    rows = "".join(_row(area, those) for area, those in partly.items())
    wrong = "".join(f"- {t.area} · `{t.name}`: {_plain(t.reason)}\n" for t in tests if t.outcome == "wrong")
    return (
        f"\n## {TITLES.get(name, name)}\n\nWhole: {' · '.join(complete) or 'nothing yet'}.\n\n"
        f"| area | passed | not built | not tried | wrong |\n|---|---|---|---|---|\n{rows}"
        f"\n### Wrong\n\n{wrong or 'Nothing that is known.' + chr(10)}{_reasons(name, tests)}"
    )


def _reasons(name: str, tests: list[Test]) -> str:
    """What is left, by why it is. Nothing of a service that has no reasons yet."""
    if name not in REASONS:
        return ""
    found: dict[str, int] = {}
    for test in tests:
        if test.outcome != "pass":
            called = f"{test.area}.{test.name}"
            sentence = next((s for pattern, s in REASONS[name] if pattern.search(called)), "Nobody knows yet.")
            found[sentence] = found.get(sentence, 0) + 1
    lines = sorted(found.items(), key=lambda pair: -pair[1])
    return "\n### Why what is left is left\n\n| tests | |\n|---|---|\n" + "".join(f"| {n} | {s} |\n" for s, n in lines)


def _row(label: str, tests: Iterable[Test]) -> str:
    those = list(tests)
    rest = (_count(those, outcome) or "" for outcome in ("not built", "not tried", "wrong"))
    return f"| {label} | {_count(those, 'pass')} of {len(those)} | {' | '.join(map(str, rest))} |\n"


def _count(tests: list[Test], outcome: Outcome) -> int:
    return sum(test.outcome == outcome for test in tests)


def _plain(reason: str) -> str:
    """Short enough to read, without what differs from run to run."""
    for pattern, instead in NOISE:
        reason = pattern.sub(instead, reason)
    return re.sub(r"([<>|`*_])", r"\\\1", reason[:140].strip()) or "see the run"


if __name__ == "__main__":
    given = dict(pair.split("=", 1) for pair in sys.argv[2:])
    runs = {name: read(Path(path), name) for name, path in given.items()}
    PAGE.write_text(page(sys.argv[1], runs, PAGE.read_text()))
