"""Which extra specs of a flavor Nova knows, and what their values look like: checked since 2.86.

Only names in a space that is listed here are checked; every other is an operator's own.
"""

import re
from typing import Final

from kumoi.core.errors import Invalid

_ANY: Final = r".*"
_YES_OR_NO: Final = r"(?i:true|false|yes|no|on|off|t|f|y|n|1|0)"
_NUMBER: Final = r"-?\d+"
_COUNT: Final = r"\d+"
_FROM_ONE: Final = r"0*[1-9]\d*"
_CPUS: Final = r"\^?\d+(-\d+)?(,\^?\d+(-\d+)?)*"
_LEVEL: Final = "custom|high|normal|low"
# Space → pattern of the rest of the name → pattern of the value.
_RULES: Final[dict[str, dict[str, str]]] = {
    "accel": {"device_profile": _ANY},
    "aggregate_instance_extra_specs": {_ANY: _ANY},
    "capabilities": {_ANY: _ANY},
    "hw": {
        "cpu_realtime|hide_hypervisor_id|locked_memory|boot_menu|vif_multiqueue_enabled|mem_encryption|pmu|"
        "virtio_packed_ring|ephemeral_encryption": _YES_OR_NO,
        r"cpu_realtime_mask|cpu_dedicated_mask|numa_cpus\.\d+": _CPUS,
        r"numa_nodes|numa_mem\.\d+|cpu_(max_)?(sockets|cores|threads)": _FROM_ONE,
        "serial_port_count": _COUNT,
        "redirected_usb_ports": r"\d|1[0-5]",
        "cpu_policy": "dedicated|shared|mixed",
        "cpu_thread_policy": "prefer|isolate|require",
        "emulator_threads_policy": "isolate|share",
        "mem_page_size": r"large|small|any|\d+([kKMGT]i?)?(b|bit|B)?",
        "pci_numa_affinity_policy": "required|preferred|legacy|socket",
        "mem_encryption_model": "amd-sev|amd-sev-es|amd-sev-snp|intel-tdx",
        "pmem": r"[a-zA-Z0-9_]+(,[a-zA-Z0-9_]+)*,?",
        "tpm_model": "tpm-tis|tpm-crb",
        "tpm_version": r"1\.2|2\.0",
        "tpm_secret_security": "user|host|deployment",
        "watchdog_action": "none|pause|poweroff|reset|disabled",
        "viommu_model": "intel|smmuv3|virtio|auto",
        "sound_model": "sb16|es1370|pcspk|ac97|ich6|ich9|usb|virtio",
        "usb_model": "none|nec-xhci|qemu-xhci",
        "ephemeral_encryption_format": "plain|luks",
    },
    "hw_rng": {"allowed": _YES_OR_NO, "rate_bytes|rate_period": _COUNT},
    "hw_video": {"ram_max_mb": _COUNT},
    "os": {"secure_boot": "disabled|required"},
    "pci_passthrough": {"alias": r"[^:]+:\d+(\s*,\s*[^:]+:\d+)*"},
    "quota": {
        "(cpu|memory|disk_io|vif)_(limit|shares_share)|cpu_shares|cpu_period|"
        "disk_(read|write|total)_(bytes|iops)_sec|vif_(inbound|outbound)_(average|peak|burst)": _COUNT,
        "(cpu|memory|disk_io|vif)_reservation|cpu_quota": _NUMBER,
        "(cpu|memory|disk_io|vif)_shares_level": _LEVEL,
    },
    r"resources([a-zA-Z0-9_-]{1,64})?": {"[A-Z0-9_]+": _COUNT},
    r"trait([a-zA-Z0-9_-]{1,64})?": {"[A-Z0-9_]+": "required|forbidden"},
    "vmware": {"hw_version|storage_policy": _ANY},
}


def check(specs: dict[str, str]) -> None:
    """Invalid for an unknown name in a space that is Nova's, and for a value that its spec cannot have."""
    for name, value in specs.items():
        space, colon, rest = name.partition(":")
        rules = next((r for s, r in _RULES.items() if re.fullmatch(s, space)), None) if colon else None
        if rules is None:
            continue
        pattern = next((v for n, v in rules.items() if re.fullmatch(n, rest)), None)
        if pattern is None:
            raise Invalid("api", field=f"extra_specs.{name}", reason="unknown_field")
        if not re.fullmatch(pattern, value):
            raise Invalid("api", field=f"extra_specs.{name}", reason="pattern", value=pattern)
