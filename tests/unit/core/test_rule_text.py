"""Rules as text: what is read, what is refused and where, and that what is told reads back as the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumoi.core.errors import Invalid
from kumoi.core.group_rules import checked
from kumoi.core.groups import RuleWish, SecurityRule
from kumoi.core.ids import GroupId, ProjectId, RuleId
from kumoi.core.rule_text import check_apart, parse, render, same, wishes

GROUP = GroupId("0123abcd-0000-4000-8000-000000000000")


def asked(text: str) -> list[RuleWish]:
    """Group names are all GROUP's."""
    found = []
    for line in parse(text):
        found += [checked(w) for w in wishes(line, GROUP if line.kind == "group" else None, None)]
    return found


def stored(wish: RuleWish, number: int = 0) -> SecurityRule:
    fields: dict[str, Any] = {f: getattr(wish, f) for f in wish.__struct_fields__}
    return SecurityRule(id=RuleId(str(number)), group_id=GROUP, project_id=ProjectId("p"), **fields)


def facts(wish: RuleWish) -> tuple[object, ...]:
    return (wish.ether_type, wish.protocol, wish.port_min, wish.port_max, wish.remote_cidr, wish.remote_group_id)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tcp:22,22,ip4:0.0.0.0/0", ("IPv4", "tcp", 22, 22, "0.0.0.0/0", None)),
        ("tcp:22,22,ip4:0.0.0.0", ("IPv4", "tcp", 22, 22, "0.0.0.0/0", None)),
        (" UDP : 53 , 53 , ip4:192.0.2.7 ", ("IPv4", "udp", 53, 53, "192.0.2.7/32", None)),
        ("tcp:-1,-1,ip4:10.1.2.3/8", ("IPv4", "tcp", None, None, "10.0.0.0/8", None)),
        ("icmp:-1,-1,ip4:0.0.0.0", ("IPv4", "icmp", None, None, "0.0.0.0/0", None)),
        ("icmp:8,0,ip4:0.0.0.0/0", ("IPv4", "icmp", 8, 0, "0.0.0.0/0", None)),
        ("icmp:128,-1,ip6:::/0", ("IPv6", "ipv6-icmp", 128, None, "::/0", None)),
        ("any:-1,-1,ip6:2001:db8::/32", ("IPv6", None, None, None, "2001:db8::/32", None)),
        ("esp:-1,-1,ip4:192.0.2.0/24", ("IPv4", "esp", None, None, "192.0.2.0/24", None)),
        ("132:80,81,ip4:192.0.2.0/24", ("IPv4", "132", 80, 81, "192.0.2.0/24", None)),
        ("tcp:3306,3306,ip6:sg-app", ("IPv6", "tcp", 3306, 3306, None, GROUP)),
    ],
)
def test_a_line_is_read(text: str, wanted: tuple[object, ...]) -> None:
    assert [facts(w) for w in asked(text)] == [wanted]


def test_members_of_a_group_are_let_in_by_both_versions() -> None:
    assert [facts(w)[:2] for w in asked("icmp:-1,-1,sg-app")] == [("IPv4", "icmp"), ("IPv6", "ipv6-icmp")]


def test_comments_say_something_of_the_rule_beside_or_under_them() -> None:
    text = "# alone\n\n# the web\ntcp:80,80,ip4:0.0.0.0\ntcp:443,443,ip4:0.0.0.0 # tls\n#\nudp:1,1,ip4:0.0.0.0\r\n"
    assert [(r.line, r.description) for r in parse(text)] == [(4, "the web"), (5, "tls"), (7, "")]


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("\n\n  tcp 22", "text_no_protocol", 3, 3),
        ("tpc:22,22,ip4:0.0.0.0/0", "text_protocol", 1, 1),
        (":22,22,ip4:0.0.0.0/0", "text_protocol", 1, 1),
        ("tcp:ssh,22,ip4:0.0.0.0/0", "text_number", 1, 5),
        ("tcp:22,65536,ip4:0.0.0.0/0", "text_number", 1, 8),
        ("tcp:22,-2,ip4:0.0.0.0/0", "text_number", 1, 8),
        ("tcp:22;22,ip4:0.0.0.0/0", "text_comma", 1, 7),
        ("tcp:22,22 ip4:0.0.0.0/0", "text_comma", 1, 11),
        ("tcp:22,21,ip4:0.0.0.0/0", "text_range", 1, 8),
        ("tcp:22,-1,ip4:0.0.0.0/0", "text_range", 1, 8),
        ("tcp:-1,22,ip4:0.0.0.0/0", "text_range", 1, 5),
        ("tcp:0,0,ip4:0.0.0.0/0", "text_range", 1, 5),
        ("icmp:256,0,ip4:0.0.0.0/0", "text_number", 1, 6),
        ("icmp:-1,0,ip4:0.0.0.0/0", "text_code_without_type", 1, 9),
        ("esp:-1,1,ip4:0.0.0.0/0", "text_no_ports", 1, 8),
        ("any:22,22,ip4:0.0.0.0/0", "text_no_ports", 1, 5),
        ("# a\ntcp:22,22,192.0.2.1", "text_source", 2, 11),
        ("tcp:22,22,", "text_source", 1, 11),
        ("tcp:22,22,sg-", "text_source", 1, 11),
        ("tcp:22,22,ip4:192.0.2.0/33", "text_address", 1, 15),
        ("tcp:22,22,ip4:2001:db8::1", "text_address", 1, 15),
        ("tcp:22,22,ip6:192.0.2.1", "text_address", 1, 15),
        ("ipv6-icmp:-1,-1,ip4:0.0.0.0/0", "text_protocol", 1, 1),
        ("tcp:22,22,ip4:0.0.0.0/0 #" + "a" * 256, "text_long_comment", 1, 25),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, reason: str, line: int, column: int) -> None:
    with pytest.raises(Invalid) as e:
        parse(text)
    assert (e.value.facts["reason"], e.value.facts["line"], e.value.facts["column"]) == (reason, line, column)


def test_no_line_says_what_another_says() -> None:
    lines = parse("tcp:22,22,ip4:0.0.0.0\n# again\ntcp:22,22,ip4:0.0.0.0/0")
    with pytest.raises(Invalid) as e:
        check_apart([(line, w) for line in lines for w in wishes(line, None, None)])
    assert (e.value.facts["reason"], e.value.facts["line"], e.value.facts["other"]) == ("text_twice", 3, 1)


def test_what_is_let_out_is_not_told_and_no_source_is_everywhere() -> None:
    out = stored(RuleWish(direction="egress", ether_type="IPv4"))
    rule = RuleWish(direction="ingress", ether_type="IPv6", protocol="ipv6-icmp")
    assert render([out, stored(rule)], {}) == "icmp:-1,-1,ip6:::/0\n"
    assert same(rule, asked("icmp:-1,-1,ip6:::/0")[0])


_ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted)
_blocks = st.one_of(
    st.ip_addresses(v=4).map(lambda a: f"ip4:{a}/{24}"),
    st.ip_addresses(v=6).map(lambda a: f"ip6:{a}/{64}"),
    st.sampled_from(["sg-app", "ip4:sg-app", "ip6:sg-app", "ip4:0.0.0.0", "ip6:::"]),
)
_lines = st.one_of(
    st.builds(lambda p, r, s: f"{p}:{r[0]},{r[1]},{s}", st.sampled_from(["tcp", "udp", "sctp"]), _ports, _blocks),
    st.builds(lambda n, s: f"icmp:{n},-1,{s}", st.integers(-1, 255), _blocks),
    st.builds(lambda p, s: f"{p}:-1,-1,{s}", st.sampled_from(["any", "gre", "47", "tcp"]), _blocks),
)
_said = st.text(st.characters(codec="ascii", min_codepoint=32), max_size=20).map(lambda t: t.replace("#", "").strip())


@given(st.lists(st.tuples(_lines, _said), max_size=8))
def test_what_is_told_reads_back_as_the_same(lines: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{line} # {said}" for line, said in lines)
    wanted = []
    for wish in asked(text):
        if not any(same(wish, other) for other in wanted):
            wanted.append(wish)
    told = render([stored(w, n) for n, w in enumerate(wanted)], {GROUP: "sg-app"})
    again = asked(told)
    assert sorted(map(repr, map(facts, again))) == sorted(map(repr, map(facts, wanted)))
    assert sorted(w.description for w in again) == sorted(w.description for w in wanted)
    assert render([stored(w, n) for n, w in enumerate(again)], {GROUP: "sg-app"}) == told


@given(st.text(st.sampled_from("tcpudpicmp:,,-1 #\n.0123456789sg-ip46/abc"), max_size=60))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        rules = parse(text)
    except Invalid as e:
        line, column = e.facts["line"], e.facts["column"]
        assert 1 <= int(str(line)) <= len(text.splitlines())
        assert 1 <= int(str(column)) <= len(text.splitlines()[int(str(line)) - 1]) + 1
    else:
        assert len(rules) <= len(text.splitlines())
