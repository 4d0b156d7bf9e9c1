"""Flavors: the sizes in which instances come (EC2: instance types)."""

import msgspec

from kumoi.core.ids import FlavorId


class Flavor(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is what clients see; Nova's own defaults are short texts such as `1`, others UUIDs."""

    id: FlavorId
    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    swap_mib: int = 0
    ephemeral_gib: int = 0
    public: bool = True
    description: str = ""
    extra_specs: dict[str, str] = msgspec.field(default_factory=dict)
    generation: int = 1
    created_at: float = 0.0


DEFAULT_FLAVORS: tuple[Flavor, ...] = (
    Flavor(id=FlavorId("1"), name="m1.nano", vcpus=1, memory_mib=128, disk_gib=1),
    Flavor(id=FlavorId("2"), name="m1.micro", vcpus=1, memory_mib=256, disk_gib=2),
    Flavor(id=FlavorId("3"), name="m1.tiny", vcpus=1, memory_mib=512, disk_gib=5),
    Flavor(id=FlavorId("4"), name="m1.small", vcpus=1, memory_mib=2048, disk_gib=20),
    Flavor(id=FlavorId("5"), name="m1.medium", vcpus=2, memory_mib=4096, disk_gib=40),
    Flavor(id=FlavorId("6"), name="m1.large", vcpus=4, memory_mib=8192, disk_gib=80),
)
