"""Neutron's refusals: from core's codes and facts to the exception names and statuses that its clients know."""

from collections.abc import Mapping
from typing import Final

from kumoi.api.edge.errors import MethodNotAllowed, NoRoute, status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.core import errors
from kumoi.core.errors import KumoiError

_STATUS: Final[dict[type[KumoiError], int]] = {errors.QuotaExceeded: 409, errors.Unsupported: 400}

# By code and what the code turns on: the kind, `kind/by_kind` for what is in use, the reason for what is invalid.
_TYPES: Final[dict[str, str]] = {
    "not_found:network": "NetworkNotFound",
    "not_found:subnet": "SubnetNotFound",
    "not_found:subnet_pool": "SubnetPoolNotFound",
    "not_found:default_subnet_pool": "BadRequest",
    "not_found:auto_topology": "AutoAllocatedTopologyNotFound",
    "not_found:default_network": "AutoAllocationFailure",
    "not_found:pool_of_topology": "AutoAllocationFailure",
    "not_found:port_forwarding": "PortForwardingNotFound",
    "not_found:address": "AddressesNotFound",
    "not_found:address_scope": "AddressScopeNotFound",
    "not_found:address_group": "AddressGroupNotFound",
    "not_found:default_rule": "DefaultSecurityGroupRuleNotFound",
    "not_found:qos_policy": "QosPolicyNotFound",
    "not_found:qos_rule": "QosRuleNotFound",
    "not_found:qos_rule_type": "QosRuleTypeNotFound",
    "not_found:share": "RbacPolicyNotFound",
    "not_found:nic": "PortNotFound",
    "not_found:metering_label": "MeteringLabelNotFound",
    "not_found:metering_rule": "MeteringLabelRuleNotFound",
    "not_found:ndp_proxy": "NDPProxyNotFound",
    "not_found:conntrack_helper": "ConntrackHelperNotFound",
    "not_found:service_flavor": "FlavorNotFound",
    "not_found:service_profile": "ServiceProfileNotFound",
    "not_found:profile_of_flavor": "FlavorServiceProfileBindingNotFound",
    "not_found:service_driver": "ServiceProfileDriverNotFound",
    "not_found:segment_range": "NetworkSegmentRangeNotFound",
    "not_found:gateway": "ExternalGatewayNotFound",
    "not_found:trunk": "TrunkNotFound",
    "not_found:subport": "SubPortNotFound",
    "not_found:vpc": "RouterNotFound",
    "not_found:leg": "RouterInterfaceNotFound",
    "not_found:public_address": "FloatingIPNotFound",
    "not_found:way": "ExternalGatewayForFloatingIPNotFound",
    "not_found:security_group": "SecurityGroupNotFound",
    "not_found:security_rule": "SecurityGroupRuleNotFound",
    "not_found:tag": "TagNotFound",
    "not_found:host": "AgentNotFound",
    "not_found:agent": "AgentNotFound",
    "not_found:carried_vpc": "RouterNotHostedByL3Agent",
    "not_found:extension": "ExtensionNotFound",
    "taken:address": "IpAddressInUse",
    "taken:mac": "MacAddressInUse",
    "taken:vni": "TunnelIdInUse",
    "taken:vlan": "VlanIdInUse",
    "taken:physical_network": "FlatNetworkInUse",
    "taken:default_rule": "DefaultSecurityGroupRuleExists",
    "taken:metering_rule": "MeteringLabelRuleOverlaps",
    "taken:conntrack_helper": "BadRequest",
    "taken:share": "DuplicateRbacPolicy",
    "taken:security_group": "SecurityGroupDefaultAlreadyExists",
    "taken:security_rule": "SecurityGroupRuleExists",
    "in_use:network": "NetworkInUse",
    "in_use:external_network": "ExternalNetworkInUse",
    "in_use:shared_network": "InvalidSharedSetting",
    "in_use:subnet": "SubnetInUse",
    "in_use:subnet_pool": "SubnetPoolInUse",
    "in_use:default_subnet_pool": "InvalidInput",
    "in_use:default_network": "DefaultExternalNetworkExists",
    "in_use:forwarded_port": "BadRequest",
    "in_use:forwarding_address": "FipInUseByPortForwarding",
    "in_use:led_address": "FipAlreadyAssociated",
    "in_use:address_group": "AddressGroupInUse",
    "in_use:qos_policy": "QosPolicyInUse",
    "in_use:qos_rule": "QoSRulesConflict",
    "in_use:qos_amounts": "QoSRuleParameterConflict",
    "in_use:default_qos_policy": "QoSPolicyDefaultAlreadyExists",
    "in_use:address_scope": "AddressScopeInUse",
    "in_use:prefix": "AddressScopePrefixConflict",
    "in_use:share": "RbacPolicyInUse",
    "in_use:nic": "PortInUse",
    "in_use:nic/vpc_interface": "ServicePortInUse",
    "in_use:nic/vpc_gateway": "ServicePortInUse",
    "in_use:nic/trunk": "PortInUseAsTrunkParent",
    "in_use:nic/subport": "PortInUseAsSubPort",
    "in_use:published_address": "AddressAlreadyPublished",
    "in_use:gateway/ndp_proxy": "RouterGatewayInUseByNDPProxy",
    "in_use:leg/ndp_proxy": "RouterInterfaceInUseByNDPProxy",
    "in_use:service_flavor": "FlavorInUse",
    "in_use:service_profile": "ServiceProfileInUse",
    "in_use:disabled_flavor": "FlavorDisabled",
    "in_use:segment_range": "NetworkSegmentRangeReferencedByProject",
    "in_use:trunk_nic": "ParentPortInUse",
    "in_use:vlan": "DuplicateSubPort",
    "in_use:locked_trunk": "TrunkDisabled",
    "in_use:nic/dhcp": "ServicePortInUse",
    "in_use:nic/public_address": "FloatingIPPortAlreadyAssociated",
    "in_use:vpc": "RouterInUse",
    "in_use:carried_vpc": "RouterHostedByL3Agent",
    "in_use:agent": "AgentInUse",
    "in_use:gateway/public_address": "RouterExternalGatewayInUseByFloatingIp",
    "in_use:gateway/nic": "GatewayIpInUse",
    "in_use:leg/public_address": "RouterInterfaceInUseByFloatingIP",
    "in_use:leg/route": "RouterInterfaceInUseByRoute",
    "in_use:security_group": "SecurityGroupInUse",
    "in_use:default_group": "SecurityGroupCannotUpdateDefault",
    "quota_exceeded": "OverQuota",
    "no_address:address": "IpAddressGenerationFailure",
    "no_address:block": "SubnetAllocationError",
    "no_address:mac": "MacAddressGenerationFailure",
    "no_address:vni": "NoNetworkAvailable",
    "no_address:vlan": "NoNetworkAvailable",
    "forbidden": "PolicyNotAuthorized",
    "stale": "RevisionNumberConstraintFailed",
    "invalid": "InvalidInput",
    "invalid:unknown_field": "HTTPBadRequest",
    "invalid:missing": "HTTPBadRequest",
    "invalid:not_json": "HTTPBadRequest",
    "invalid:pool_backwards": "InvalidAllocationPool",
    "invalid:pool_outside": "OutOfBoundsAllocationPool",
    "invalid:pools_overlap": "OverlappingAllocationPools",
    "invalid:gateway_in_pool": "GatewayConflictWithAllocationPools",
    "invalid:not_on_network": "InvalidIpForNetwork",
    "invalid:not_in_subnet": "InvalidIpForSubnet",
    "invalid:not_external": "BadRequest",
    "invalid:answers_for_nobody": "RouterNDPProxyNotEnable",
    "invalid:router_not_there": "PortUnreachableRouter",
    "invalid:other_scope": "AddressScopeConflict",
    "invalid:no_ipv6_address": "PortUnreachableRouter",
    "invalid:no_scope_outside": "RouterGatewayNotValid",
    "invalid:ranges_overlap": "NetworkSegmentRangeOverlaps",
    "invalid:mtu_of_trunk": "SubPortMtuGreaterThanTrunkPortMtu",
    "invalid:no_gateway_there": "BadRequest",
    "invalid:cannot_route": "InvalidL3Agent",
    "invalid:leg_there_already": "BadRequest",
    "invalid:no_gateway": "BadRequest",
    "invalid:several_addresses": "BadRequest",
    "invalid:no_address": "BadRequest",
    "invalid:next_hop_unreachable": "InvalidRoutes",
    "invalid:not_of_nic": "SubnetMismatchForPort",
    "invalid:needs_port_security": "PortSecurityAndIPRequiredForSecurityGroups",
    "invalid:has_groups": "PortSecurityPortHasSecurityGroup",
    "invalid:no_such_protocol": "SecurityGroupRuleInvalidProtocol",
    "invalid:protocol_of_other_ip_version": "SecurityGroupEthertypeConflictWithProtocol",
    "invalid:ports_need_protocol": "SecurityGroupProtocolRequiredWithPorts",
    "invalid:protocol_has_no_ports": "SecurityGroupInvalidProtocolForPort",
    "invalid:port_range": "SecurityGroupInvalidPortRange",
    "invalid:port_value": "SecurityGroupInvalidPortValue",
    "invalid:icmp_value": "SecurityGroupInvalidIcmpValue",
    "invalid:icmp_code_without_type": "SecurityGroupMissingIcmpType",
    "invalid:cidr_of_other_ip_version": "SecurityGroupRuleParameterConflict",
    "invalid:mixed_statefulness": "SecurityGroupConflict",
    "invalid:mtu_too_small": "NetworkMTUSubnetConflict",
    "invalid:other_project": "BadRequest",
    "invalid:no_such_thing": "BadRequest",
    "invalid:stays_shared": "AddressScopeUpdateError",
    "invalid:not_in_pool": "SubnetAllocationError",
    "invalid:prefixes_shrink": "IllegalSubnetPoolPrefixUpdate",
    "invalid:prefixlen_order": "IllegalSubnetPoolPrefixBounds",
    "invalid:mixed_ip_versions": "PrefixVersionMismatch",
    "invalid:two_remotes": "SecurityGroupRemoteGroupAndRemoteIpPrefix",
    "too_large": "HTTPRequestEntityTooLarge",
    "headers_too_large": "HTTPRequestHeaderFieldsTooLarge",
    "unavailable": "ServiceUnavailable",
    "unsupported_media_type": "HTTPUnsupportedMediaType",
    "no_route": "HTTPNotFound",
    "method_not_allowed": "HTTPMethodNotAllowed",
}
_STATUS_BY_TURN: Final[dict[str, int]] = {
    "invalid:pools_overlap": 409,
    "invalid:gateway_in_pool": 409,
    "invalid:has_groups": 409,
    "invalid:mtu_of_trunk": 409,
    "invalid:ranges_overlap": 409,
    **dict.fromkeys(("invalid:answers_for_nobody", "invalid:router_not_there", "invalid:other_scope"), 409),
    **dict.fromkeys(("invalid:no_ipv6_address", "invalid:no_scope_outside"), 409),
    "taken:conntrack_helper": 400,
    "invalid:no_gateway_there": 409,
    "invalid:cannot_route": 409,
    "not_found:carried_vpc": 409,
    "not_found:default_network": 409,
    "not_found:pool_of_topology": 409,
    "invalid:mixed_statefulness": 409,
    "invalid:mtu_too_small": 409,
    "not_found:default_subnet_pool": 400,
    "in_use:default_subnet_pool": 400,
    "in_use:forwarded_port": 400,
    "in_use:subnet_pool": 400,
    "no_address:block": 400,
    "no_address:mac": 503,
    "no_address:vni": 503,
    "no_address:vlan": 503,
}


# Sentences that programs written for Neutron look for.
_WORDING: Final[dict[str, str]] = {
    "port_value": "Invalid value for port {value}.",
    "port_range": "For TCP/UDP protocols, port_range_min must be <= port_range_max.",
    "icmp_value": "Invalid value for ICMP {name} ({field}) {value}. It must be 0 to 255.",
    "icmp_code_without_type": "ICMP code (port-range-max) {value} is given but ICMP type (port-range-min) is missing.",
    "cidr_of_other_ip_version": "Conflicting value ethertype {type} for CIDR {value}.",
    "overlap": "{value} overlaps with another subnet: {other}.",
    "unknown_field": "Unrecognized attribute(s) '{name}'.",
    "quota_exceeded": "Quota exceeded for resources: ['{resource}'] ({used} of {limit} used, {wanted} wanted).",
}
_WORDING_BY_TURN: Final[dict[str, str]] = {
    "in_use:network": "Unable to complete operation on network {id}. There are one or more ports still in use on the "
    "network, id for these ports is: {by_id}.",
    "in_use:subnet": "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this "
    "subnet ({by_id}).",
}

# What doors call in core's terms.
_FIELDS: Final[dict[str, str]] = {
    "admin_up": "admin_state_up",
    "dhcp": "enable_dhcp",
    "dhcp_options": "extra_dhcp_opts",
    "vpc_id": "router_id",
    "host_id": "agent_id",
    "dns_servers": "dns_nameservers",
    "external": "router:external",
    "snat": "enable_snat",
    "fixed_address": "fixed_ip_address",
    "gateway": "gateway_ip",
    "group_ids": "security_groups",
    "mac": "mac_address",
    "ndp_proxy": "enable_ndp_proxy",
    "nic_id": "port_id",
    "pairs": "allowed_address_pairs",
    "pools": "allocation_pools",
    "port_max": "port_range_max",
    "port_min": "port_range_min",
    "port_security": "port_security_enabled",
    "scope_id": "address_scope_id",
    "outer": "external_port",
    "inner": "internal_port",
    "near": "remote_ip_prefix",
    "source": "source_ip_prefix",
    "target": "target_tenant",
    "remote_cidr": "remote_ip_prefix",
    "vlan": "segmentation_id",
    "physical": "provider:physical_network",
    "first": "minimum",
    "subports": "sub_ports",
    "vni": "provider:segmentation_id",
}


def render_error(request: Request, error: KumoiError) -> Response:
    """`{"NeutronError": {"type", "message", "detail"}}`; a caller who is nobody gets Keystone's middleware's answer."""
    if isinstance(error, errors.Forbidden) and "id" in error.facts:
        # What is another's to change is not there, even where one may look at it.
        error = errors.NotFound(error.layer, kind=error.facts["kind"], id=error.facts["id"])
    status = status_of(error, _STATUS)
    message = say(_in_neutrons_terms(error), request.locale, _wording(error) if request.locale == "en" else None)
    if status == 401:
        body = {"code": 401, "title": "Unauthorized", "message": message}
        where = f'Keystone uri="{request.base_url}/identity"'
        return json_response({"error": body}, 401, [("WWW-Authenticate", where)])
    kind = "HTTPInternalServerError" if status == 500 else "HTTPBadRequest"
    for turn in _turns(error):
        status = _STATUS_BY_TURN.get(turn, status)
        if turn in _TYPES:
            kind = _TYPES[turn]
            break
    if isinstance(error, errors.Stale) and "wanted" in error.facts:
        status = 412
    return json_response({"NeutronError": {"type": kind, "message": message, "detail": ""}}, status)


def _wording(error: KumoiError) -> Mapping[str, str]:
    own = next((_WORDING_BY_TURN[t] for t in _turns(error) if t in _WORDING_BY_TURN), None)
    return _WORDING if own is None else {error.code: own}


def _in_neutrons_terms(error: KumoiError) -> KumoiError:
    """The same refusal, of the field by the name that the caller knows."""
    field = error.facts.get("field")
    if not isinstance(error, errors.Invalid) or field not in _FIELDS:
        return error
    return errors.Invalid(error.layer, **{**error.facts, "field": _FIELDS[str(field)]})


def _turns(error: KumoiError) -> list[str]:
    """What the code turns on, the narrowest first."""
    code, facts = error.code, error.facts
    if isinstance(error, NoRoute | MethodNotAllowed):
        return [code]
    kind = facts.get("reason") if isinstance(error, errors.Invalid) else facts.get("kind")
    return [f"{code}:{kind}/{facts.get('by_kind')}", f"{code}:{kind}", code]
