"""/, /v2.0: which versions and kinds there are; /v2.0/extensions: what of Neutron is true here."""

from collections.abc import Sequence
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.network.listing import fields
from kumoi.api.openstack.network.resources import SERVICE
from kumoi.app.house import House
from kumoi.core.errors import NotFound
from kumoi.core.qos import GUARANTEES
from kumoi.core.trunks import CARRIES

UPDATED: Final = "2026-11-20T00:00:00-00:00"
EXTENSIONS: Final[dict[str, str]] = {
    "address-group": "Address group",
    "address-scope": "Address scope",
    "agent": "agent",
    "allowed-address-pairs": "Allowed Address Pairs",
    "auto-allocated-topology": "Auto Allocated Topology Services",
    "availability_zone": "Availability Zone",
    "binding": "Port Binding",
    "dhcp_agent_scheduler": "DHCP Agent Scheduler",
    "dns-domain-ports": "dns_domain for ports",
    "dns-integration": "DNS Integration",
    "empty-string-filtering": "Empty String Filtering Extension",
    "enable-default-route-ecmp": "Enable Default Route ECMP",
    "dvr": "Distributed Virtual Router",
    "ext-gw-mode": "Neutron L3 Configurable external gateway mode",
    "external-gateway-multihoming": "Neutron L3 External Gateway Multihoming",
    "external-net": "Neutron external network",
    "extraroute": "Neutron Extra Route",
    "extraroute-atomic": "Atomically add/remove extra routes",
    "extra_dhcp_opt": "Neutron Extra DHCP options",
    "filter-validation": "Filter parameters validation",
    "expose-port-forwarding-in-fip": "Expose Port Forwarding In FIP",
    "flavors": "Neutron Service Flavors",
    "expose-l3-conntrack-helper": "Expose the conntrack helpers of routers",
    "floating-ip-port-forwarding": "Floating IP Port Forwarding",
    "floating-ip-port-forwarding-description": "Floating IP Port Forwarding new description field",
    "floating-ip-port-forwarding-detail": "Floating IP Port Forwarding internal details",
    "floating-ip-port-forwarding-port-ranges": "Floating IP Port Forwarding with port ranges",
    "floating-ip-router-writable": "Floating IP: the router may be chosen",
    "floatingip-pools": "Floating IP Pools Extension",
    "fip-port-details": "Floating IP Port Details Extension",
    "ip-substring-filtering": "IP address substring filtering",
    "l3-conntrack-helper": "Router conntrack helpers",
    "l3-ndp-proxy": "NDP proxies of routers",
    "l3-flavors": "Router Flavor Extension",
    "l3-ha": "HA Router extension",
    "l3_agent_scheduler": "L3 Agent Scheduler",
    "metering": "Neutron Metering",
    "metering_source_and_destination_filters": "Metering by source and destination",
    "net-mtu": "Network MTU",
    "net-mtu-writable": "Network MTU (writable)",
    "network-ip-availability": "Network IP Availability",
    "network-segment-range": "Neutron Network Segment Range",
    "network_availability_zone": "Network Availability Zone",
    "pagination": "Pagination support",
    "port-mac-address-regenerate": "Neutron Port MAC address regenerate",
    "port-resource-request": "Port Resource Request",
    "port-resource-request-groups": "Port Resource Request Groups",
    "port-security": "Port Security",
    "port-security-groups-filtering": "Port filtering on security groups",
    "project-id": "project_id field enabled",
    "provider": "Provider Network",
    "pvlan": "Private VLANs",
    "qos": "Quality of Service",
    "qos-bw-limit-direction": "Direction for QoS bandwidth limit rule",
    "qos-bw-minimum-ingress": "Ingress direction for QoS minimum bandwidth rule",
    "qos-default": "QoS default policy",
    "qos-fip": "Floating IP QoS",
    "qos-fip-network-policy": "QoS floating IP network policy ID",
    "qos-gateway-ip": "Router gateway IP QoS",
    "qos-port-network-policy": "QoS port network policy ID",
    "qos-pps": "QoS Rule Type Packet per Second Extension",
    "qos-pps-minimum": "QoS minimum packet rate rule",
    "qos-pps-minimum-rule-alias": "QoS minimum packet rate rule alias",
    "qos-rule-type-details": "Details of QoS rule types",
    "qos-rule-type-filter": "Allow to filter the list of QoS rule types",
    "qos-rules-alias": "Quality of Service rules alias API",
    "quota-check-limit": "Quota engine limit check",
    "quota-check-limit-default": "Quota engine limit check by default",
    "quota_details": "Quota details management support",
    "quotas": "Quota management support",
    "rbac-address-group": "Add address_group type to RBAC",
    "rbac-address-scope": "Add address_scope type to RBAC",
    "rbac-policies": "RBAC Policies",
    "rbac-security-groups": "Add security_group type to network RBAC",
    "rbac-subnetpool": "Add subnetpool type to RBAC",
    "revision-if-match": "If-Match constraints based on revision_number",
    "router": "Neutron L3 Router",
    "router-admin-state-down-before-update": "Router must be down before its form is changed",
    "router_availability_zone": "Router Availability Zone",
    "security-group": "security-group",
    "security-groups-default-rules": "Default rules for security groups",
    "security-groups-remote-address-group": "Remote address group id field for security group rules",
    "security-groups-rules-belongs-to-default-sg": "Whether a rule belongs to the default security group",
    "security-groups-shared-filtering": "Security group filtering on the shared field",
    "security-groups-normalized-cidr": "Normalized CIDR field for security group rules",
    "segment": "Segment",
    "standard-attr-segment": "Segments have the attributes that all things have",
    "service-type": "Neutron Service Type Management",
    "sort-key-validation": "Sort keys validation",
    "sorting": "Sorting support",
    "standard-attr-description": "standard-attr-description",
    "standard-attr-revisions": "Resource revision numbers",
    "standard-attr-tag": "Tag support for resources with standard attribute",
    "standard-attr-timestamp": "Resource timestamps",
    "stateful-security-group": "Stateful security group",
    "subnet_allocation": "Subnet Allocation",
    "subnet-service-types": "Subnet service types",
    "subnetpool-prefix-ops": "Subnet Pool Prefix Operations",
    "default-subnetpools": "Default Subnetpools",
    "subnet-external-network": "Subnet belongs to an external network",
    "trunk": "Trunk Extension",
    "trunk-details": "Trunk port details",
}
# True only where a host can do it.
_NEEDS: Final[dict[str, str]] = {
    **dict.fromkeys(("trunk", "trunk-details"), CARRIES),
    **dict.fromkeys(("port-resource-request", "port-resource-request-groups"), GUARANTEES),
    **dict.fromkeys(("qos-bw-minimum-ingress", "qos-pps-minimum", "qos-pps-minimum-rule-alias"), GUARANTEES),
}


def routes(house: House, site: Site, kinds: Sequence[tuple[str, str]]) -> list[Route]:
    """`kinds`: plural names and paths."""

    def true(request: Request) -> list[str]:
        hosts = house.rooms.look(request.now)
        can = {capability for room in hosts for capability in room.host.capabilities}
        return [alias for alias in EXTENSIONS if _NEEDS.get(alias) in can | {None}]

    def versions(request: Request) -> Response:
        return json_response({"versions": [_version(site, request)]})

    def kinds_of(request: Request) -> Response:
        base = site.url(request) + "/network"
        shown = [
            {"name": plural[:-1], "collection": plural, "links": [{"rel": "self", "href": base + path}]}
            for plural, path in kinds
        ]
        return json_response({"resources": shown})

    def extensions(request: Request) -> Response:
        return json_response({"extensions": [fields(request, _extension(a)) for a in true(request)]})

    def extension(request: Request) -> Response:
        alias = request.params["alias"]
        if alias not in true(request):
            raise NotFound("network", kind="extension", id=alias)
        return json_response({"extension": _extension(alias)})

    return [
        Route("GET", "/", versions, None, SERVICE, anonymous=True),
        Route("GET", "/v2.0", kinds_of, "network.read", SERVICE),
        Route("GET", "/v2.0/extensions", extensions, "network.read", SERVICE),
        Route("GET", "/v2.0/extensions/{alias}", extension, "network.read", SERVICE),
    ]


def _version(site: Site, request: Request) -> dict[str, Any]:
    href = site.url(request) + "/network/v2.0/"
    return {"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}]}


def _extension(alias: str) -> dict[str, Any]:
    name = EXTENSIONS[alias]
    return {"alias": alias, "name": name, "description": name, "updated": UPDATED, "links": []}
