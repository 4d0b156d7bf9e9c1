"""Volume types: what a volume may be asked to be. Extra specs say which pools will do; QoS specs, how fast it is."""

from typing import Final, Literal

import msgspec

from kumoi.core.ids import VolumeQosId, VolumeTypeId

ControlLocation = Literal["front-end", "back-end"]
# What is told to those who may not see a type's other extra specs.
VISIBLE: Final = frozenset({"multiattach", "replication_enabled", "cacheable", "RESKEY:availability_zones"})
MULTIATTACH: Final = "multiattach"


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """How volumes of a type are to be encrypted. It is kept as it was said; nothing here encrypts, so that no volume is
    made of such a type."""

    id: str
    provider: str
    control_location: ControlLocation = "front-end"
    cipher: str | None = None
    key_size: int | None = None
    created_at: float = 0.0
    updated_at: float | None = None


class VolumeType(msgspec.Struct, frozen=True, kw_only=True):
    """`public` False: for the projects that it was opened to (labels of the namespace `access`)."""

    id: VolumeTypeId
    name: str
    description: str = ""
    public: bool = True
    extra_specs: dict[str, str] = {}
    qos_id: VolumeQosId | None = None
    encryption: Encryption | None = None
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def multiattach(self) -> bool:
        return is_true(self.extra_specs.get(MULTIATTACH, ""))


# What a volume is of whose maker names no type, and whose project has no default of its own.
DEFAULT_TYPE: Final = VolumeType(
    id=VolumeTypeId("6b1e3f0a-9d52-4c1e-8a37-5f2c7d90e4b8"), name="__DEFAULT__", description="Default Volume Type"
)


def is_true(spec: str) -> bool:
    """The spelling of a switch among specs: `<is> True`."""
    operator, _, value = spec.partition(" ")
    return operator == "<is>" and value.strip().lower() == "true"


def per_type(resource: str, type_id: VolumeTypeId) -> str:
    """The counter beside a project's `resource` (volumes, gigabytes, snapshots) of volumes of one type alone."""
    return f"{resource}/{type_id}"
