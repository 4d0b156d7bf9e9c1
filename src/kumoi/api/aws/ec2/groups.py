"""Security groups and their rules: create, delete, describe, authorise, revoke."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import ids, paging, permissions, tags
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import Ground, account, ground, spelled, tag_list
from kumoi.api.edge.request import Request
from kumoi.app import tags as labels
from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.security_groups import (
    GROUPS,
    RULES,
    GroupRuleWish,
    GroupView,
    GroupWish,
    create_groups,
    create_rules,
    delete_group,
    delete_rules,
    ensure_default,
)
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.groups import Direction, SecurityRule
from kumoi.core.ids import GroupId, ec2_id
from kumoi.core.query import Order, Query, eq

_IN: Final = "IpPermissions"
_OUT: Final = "IpPermissionsEgress"
PLACES: Final = {
    "description": "Description",
    "group-id": "GroupId",
    "group-name": "GroupName",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
    **{
        f"{prefix}ip-permission.{name}": f"{place}.{field}"
        for prefix, place in (("", _IN), ("egress.", _OUT))
        for name, field in (
            ("cidr", "IpRanges.CidrIp"),
            ("from-port", "FromPort"),
            ("group-id", "UserIdGroupPairs.GroupId"),
            ("ipv6-cidr", "Ipv6Ranges.CidrIpv6"),
            ("protocol", "IpProtocol"),
            ("to-port", "ToPort"),
            ("user-id", "UserIdGroupPairs.UserId"),
        )
    },
}
RULE_PLACES: Final = {"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"}


def actions(house: House) -> list[Action]:
    return [
        Action("CreateSecurityGroup", partial(create, house), "security_group.create"),
        Action("DeleteSecurityGroup", partial(delete, house), "security_group.delete"),
        Action("DescribeSecurityGroups", partial(describe, house), "security_group.read"),
        Action("DescribeSecurityGroupRules", partial(describe_rules, house), "security_group.read"),
        Action("AuthorizeSecurityGroupIngress", partial(authorize, house, "ingress"), "security_group.create"),
        Action("AuthorizeSecurityGroupEgress", partial(authorize, house, "egress"), "security_group.create"),
        Action("RevokeSecurityGroupIngress", partial(revoke, house, "ingress"), "security_group.delete"),
        Action("RevokeSecurityGroupEgress", partial(revoke, house, "egress"), "security_group.delete"),
    ]


def create(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    vpc_id = here.vpc(wish["VpcId"]).id if wish.get("VpcId") else here.atlas.default_vpc
    pairs = tags.wished(wish, GROUPS.kind)
    asked = GroupWish(name=wish["GroupName"], description=wish["Description"], unique=True, vpc_id=vpc_id)
    made = create_groups(house, here.call, (asked,))[0].group
    tags.tag(house, here.call, GROUPS.kind, made.id, pairs)
    group_id = ec2_id("sg", made.id)
    return {
        "GroupId": group_id,
        "Tags": tag_list(pairs),
        "SecurityGroupArn": here.arn("security-group", group_id),
    }


def delete(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    delete_group(house, call, _chosen(house, call, wish))
    return {"Return": True, "GroupId": wish.get("GroupId")}


def describe(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    matches = matching(wish, PLACES)
    ensure_default(house, here.call, here.call.project_id)
    query = Query(order=(Order("created_at"),))
    views = reading.find(house, here.call, GROUPS, _own(here.call, query))
    if wish.get("GroupIds"):
        chosen = set(found(house, here.call, wish["GroupIds"]))
        views = [v for v in views if v.group.id in chosen]
    if names := wish.get("GroupNames"):
        for name in set(names) - {v.group.name for v in views}:
            raise ids.not_found("security_group", name)
        views = [v for v in views if v.group.name in names]
    tagged = labels.of(house, here.call, GROUPS.kind, tuple(v.group.id for v in views))
    shown = [
        (paging.by_time(v.group.created_at, v.group.id), _render(here, v, tag_list(tagged.get(v.group.id))))
        for v in views
    ]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"SecurityGroups": page}, token)


def describe_rules(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    matches = matching(wish, RULE_PLACES)
    own = account(house, call)
    if wish.get("SecurityGroupRuleIds"):
        rules = ids.each(RULES.kind, wish["SecurityGroupRuleIds"], partial(_rules, house, call))
    else:
        rules = _rules(house, call, Query())
    tagged = labels.of(house, call, RULES.kind, tuple(r.id for r in rules))
    shown = [
        (paging.by_time(r.created_at, r.id), permissions.shown_rule(r, own, tag_list(tagged.get(r.id)))) for r in rules
    ]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"SecurityGroupRules": page}, token)


def authorize(house: House, direction: Direction, request: Request, wish: Values) -> Values:
    call = request.call()
    group_id = _chosen(house, call, wish)
    asked = _asked(house, call, direction, wish)
    wishes = (GroupRuleWish(group_id=group_id, rule=permissions.rule_of(one.atom, one.description)) for one in asked)
    made = [view.rule for view in create_rules(house, call, tuple(wishes))]
    own = account(house, call)
    pairs = tags.wished(wish, "security_rule")
    for rule in made:
        tags.tag(house, call, RULES.kind, rule.id, pairs)
    shown = [permissions.shown_rule(rule, own, tag_list(pairs)) for rule in made]
    return {"Return": True, "SecurityGroupRules": shown}


def revoke(house: House, direction: Direction, request: Request, wish: Values) -> Values:
    call = request.call()
    group_id = _chosen(house, call, wish)
    there = _rules(house, call, Query(filters=(eq("group_id", group_id), eq("direction", direction))))
    gone: list[SecurityRule] = []
    if texts := wish.get("SecurityGroupRuleIds"):
        gone += [ids.one(RULES.kind, text, lambda query: _within(house, call, query, there)) for text in texts]
    else:
        for one in _asked(house, call, direction, wish):
            same = [rule for rule in there if permissions.atom_of(rule) == one.atom]
            if not same:
                raise NotFound("network", kind="permission", id=one.atom.remote)
            gone += same
    delete_rules(house, call, tuple(dict.fromkeys(r.id for r in gone)))
    return {"Return": True, "UnknownIpPermissions": []}


def found(house: House, call: Call, texts: Iterable[str]) -> tuple[GroupId, ...]:
    """The groups of these ids. Raises NotFound, Invalid."""
    return tuple(v.group.id for v in ids.each(GROUPS.kind, texts, partial(_groups, house, call)))


def named(house: House, call: Call, names: Iterable[str]) -> tuple[GroupId, ...]:
    """The groups of these names, the oldest of each. Raises NotFound."""
    wanted = list(dict.fromkeys(names))
    if wanted:
        ensure_default(house, call, call.project_id)
    chosen: list[GroupId] = []
    for name in wanted:
        fitting = _groups(house, call, Query(filters=(eq("name", name),), order=(Order("created_at"),)))
        if not fitting:
            raise ids.not_found(GROUPS.kind, name)
        chosen.append(fitting[0].group.id)
    return tuple(chosen)


def _chosen(house: House, call: Call, wish: Values) -> GroupId:
    """The group that a request names by id or by name."""
    if wish.get("GroupId"):
        return found(house, call, [wish["GroupId"]])[0]
    if wish.get("GroupName"):
        return named(house, call, [wish["GroupName"]])[0]
    raise Invalid("api", field="GroupId", reason="missing")


def _asked(house: House, call: Call, direction: Direction, wish: Values) -> list[permissions.Asked]:
    def group_of(pair: Values) -> GroupId:
        return _chosen(house, call, pair)

    given = wish.get("IpPermissions") or permissions.elder(wish)
    if not given:
        raise Invalid("api", field="IpPermissions", reason="missing")
    return list(permissions.asked(direction, given, group_of))


def _own(call: Call, query: Query) -> Query:
    return query.where(eq("project_id", call.project_id))


def _groups(house: House, call: Call, query: Query) -> list[GroupView]:
    return reading.find(house, call, GROUPS, _own(call, query))


def _rules(house: House, call: Call, query: Query) -> list[SecurityRule]:
    return reading.find_rows(house, call, RULES, _own(call, query))


def _within(house: House, call: Call, query: Query, rules: list[SecurityRule]) -> list[SecurityRule]:
    known = {r.id for r in rules}
    return [r for r in _rules(house, call, query) if r.id in known]


def _render(here: Ground, view: GroupView, tagged: list[dict[str, str]]) -> Values:
    group = view.group
    return {
        "GroupId": ec2_id("sg", group.id),
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": here.account,
        "VpcId": spelled("vpc", view.vpc_id or here.atlas.default_vpc),
        _IN: permissions.grouped(view.rules, "ingress", here.account),
        _OUT: permissions.grouped(view.rules, "egress", here.account),
        "Tags": tagged,
        "SecurityGroupArn": here.arn("security-group", ec2_id("sg", group.id)),
    }
