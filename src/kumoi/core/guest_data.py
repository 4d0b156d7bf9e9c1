"""What a guest is told of itself."""

import msgspec

from kumoi.core.devices import TaggedDevice


class GuestData(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest may learn of itself (metadata service and config drive). `user_data` is base64 text, as are `files`,
    by path."""

    name: str
    hostname: str
    project_id: str
    account: str
    user_id: str
    image_id: str
    ec2_id: str
    ec2_image_id: str
    reservation_id: str
    launch_index: int
    flavor_name: str
    zone: str
    keypair_name: str = ""
    public_key: str = ""
    user_data: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    group_names: tuple[str, ...] = ()
    public_ipv4: str = ""
    files: dict[str, str] = msgspec.field(default_factory=dict)
    devices: tuple[TaggedDevice, ...] = ()
