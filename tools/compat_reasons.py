"""Why what is left of Tempest does not pass, for `compat_openstack`: the first pattern that is found in `area.test`."""

import re
from typing import Final

Reasons = tuple[tuple[re.Pattern[str], str], ...]


def _reasons(*pairs: tuple[str, str]) -> Reasons:
    return tuple((re.compile(pattern), sentence) for pattern, sentence in pairs)


REASONS: Final[dict[str, Reasons]] = {
    "compute": _reasons(
        (
            r"volume_swap|update_failure|nonexistent_volume_in|exceed_limit|invalid_group|invalid_sg",
            "Tempest skips it for a bug of its own, or since Neutron does not check it.",
        ),
        (
            r"direct_lun|attach_interfaces|tagged|ephemeral_disk|host_name_is_same|created_server_vcpus|fqdn_name",
            "It logs in to the guest, which a simulated cloud has none of, or wants a SCSI image.",
        ),
        (r"multiattach", "A volume with several guests has them one after the other."),
        (r"live_migr|LiveMigr|cold_migration", "A guest stays on its host: none is moved."),
        (r"spice", "Screens are seen by VNC; there is no SPICE."),
        (r"server_password", "Guests do not hand in passwords that they chose."),
        (r"shelve_shelved", "It looks for an image: shelving makes none, the disk stays where it is."),
        (r"bfv_blank_volume", "A server is not booted from a volume that is not bootable, nor made to be rescued."),
        (r"volume_backed_server", "A server that boots from a volume is not rebuilt."),
        (r"assisted_volume", "Snapshots that Nova makes for Cinder's drivers of remote file systems."),
        (r"networks\.|certif|show_update_rebuild_list", "Tempest's settings, or Nova's old network."),
    ),
    "identity": _reasons(
        (
            r"federated_authentication",
            "Sign-in by SAML, and clouds that vouch to others by it: OpenID Connect is what is spoken.",
        ),
    ),
    "image": _reasons(
        (
            r"images_formats",
            "What is no sound image is refused when it is uploaded, before a server could be made of it.",
        ),
        (r"image_tasks_create", "Tempest skips it for a bug of its own."),
        (r"[Rr]emote", "It needs a second image service in Tempest's own settings."),
        (r"MultiStores|StoreWeight|specific_store|all_stores|store_weight", "There is one store."),
        (r"secure_hash_true", "Bytes elsewhere are promised by SHA-512 or MD5, not by SHA-256."),
        (r"secure_hash", "It is for clouds that do not look at what is elsewhere."),
    ),
    "guests": _reasons(
        (
            r"reachable_through_compute",
            "It puts down the port of a router's second part: routers here are in one part.",
        ),
        (r"pvlan|modify_dhcp_port|remote_address_group", "Tempest tries it with OVN or Open vSwitch only."),
        (r"dns_integration", "It needs a second service for DNS outside (Designate)."),
        (
            r"dns_domain_and_name",
            "It expects one domain for all; here guests are told their network's own, as they are of its DNS.",
        ),
        (r"multiple_gws", "It needs containers with routers beside the cloud."),
        (
            r"any_connection_state",
            "When it was run, filters dropped what belongs to no connection; they leave it to the groups since, and it was not run again.",
        ),
        (r"mtu", "It asks for a network of GRE, which there is not."),
        (r"portrange_remote", "A guest that is emulated on a busy machine was too slow for its ten seconds."),
        (r"vm_migration", "It needs a second real host: guests are not moved between such."),
        (r"trunk", "Tempest calls it unstable, and skips it where it fails."),
    ),
    "network": _reasons(
        (r"\.scenario\.", "It logs in to guests, which a simulated cloud has none of."),
        (r"evpn|ovn_bgp", "EVPN and leaking routes by BGP: no routes are told to routers outside."),
        (
            r"logging",
            "What security groups let through or drop is logged nowhere; `kumoi net rules` counts what was dropped, "
            "`kumoi net explain` says why.",
        ),
        (r"local_ip", "Local IPs."),
        (r"trusted", "Trusted virtual functions: there is no SR-IOV."),
        (
            r"segment_range",
            "It counts on a small default range of numbers, so that another project's network lies in it by chance; "
            "here every VNI is as good as another.",
        ),
        (
            r"policy_sharing_with_wildcard",
            "It expects that one's own network stands against taking back what others may use. It does not need that.",
        ),
        (r"router_interface_fip", "A floating IP comes in by a router's gateway, not by a plain interface."),
        (
            r"dhcp_agent_scheduler",
            "DHCP is served on every host with a server of the network, and on no other; there is nothing to schedule.",
        ),
        (r"no_provider_net_conflict|Ussuri|associate_shared", "Tempest skips it: it is of another version."),
    ),
    "volume": _reasons(
        (r"volume_in_use", "A volume that a guest of another host has is not frozen: its host cannot ask that guest."),
        (r"[Rr]eplic|failover", "Replication."),
        (r"consistencygroup", "Consistency groups, which groups took the place of."),
        (r"[Ee]ncrypted", "Nothing encrypts volumes: no volume is made of a type that asks for it."),
        (r"multi_backend|with_migration", "Tempest's settings name no second back end."),
        (r"scenario", "It logs in to guests, which a simulated cloud has none of."),
    ),
}
