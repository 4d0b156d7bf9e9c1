"""The counters of a router's namespace, one for each metering label: a table of their own, so that they go on counting
when the router's rules, or theirs, are replaced. Pure.

Counted is what passes between inside and outside, after whatever would stop it. Translation has been done for what
comes in and is to come for what goes out, so addresses are those inside.
"""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any, Final

from kumoi.adapters.linux import addresses
from kumoi.core.ids import MeteringLabelId
from kumoi.core.metering import Metered, MeteringRule, counter

TABLE: Final = "kumoi_meters"
_WORDS: Final = {"ingress": 'iifname "qg-*"', "egress": 'oifname "qg-*"'}


def text(labels: Iterable[Metered], standing: Iterable[dict[str, Any]]) -> str:
    """One transaction for `nft -f -`: counters that stand keep what they counted. `standing`: the table as nft lists
    it, empty where there is none."""
    wanted = {counter(MeteringLabelId(addresses.identity(one.label_id))): one.rules for one in labels}
    head = [f"table inet {TABLE}"]
    if not wanted:
        return "\n".join([*head, f"delete table inet {TABLE}"]) + "\n"
    gone = [one["counter"]["name"] for one in standing if "counter" in one and one["counter"]["name"] not in wanted]
    lines = [f"table inet {TABLE} {{", *(f"  counter {name} {{ }}" for name in wanted)]
    lines += [f"  chain {name} {{ }}" for name in wanted]
    lines += ["  chain passing {", "    type filter hook forward priority filter + 10;", "  }", "}"]
    lines.append(f"flush table inet {TABLE}")
    for name, rules in wanted.items():
        lines.append(f"add rule inet {TABLE} passing jump {name}")
        for rule in sorted(rules, key=lambda one: not one.excluded):
            verdict = "return" if rule.excluded else f"counter name {name} return"
            lines.append(f"add rule inet {TABLE} {name} {_said(rule)} {verdict}")
    lines += [f"delete chain inet {TABLE} {name}\ndelete counter inet {TABLE} {name}" for name in gone]
    return "\n".join([*head, *lines]) + "\n"


def _said(rule: MeteringRule) -> str:
    words = [_WORDS[rule.direction]]
    for word, end in zip(("saddr", "daddr"), rule.ends, strict=True):
        if end is not None:
            block = ip_network(end)
            family = "ip" if block.version == 4 else "ip6"
            words.append(f"{family} {word} {block}" if block.prefixlen else f"meta nfproto ipv{block.version}")
    return " ".join(words)
