"""Typed ids and their spellings. Minting takes its randomness from outside (`contracts.chance`).

An id is the lower-case text of a UUIDv4 (36 characters). Keystone's ids are the same without dashes; EC2's are
a prefix and the first 17 hex digits, so no mapping table exists: a unique index on the prefix finds the row.
"""

from typing import Final, Literal, NewType

DomainId = NewType("DomainId", str)
ProjectId = NewType("ProjectId", str)
UserId = NewType("UserId", str)
UserGroupId = NewType("UserGroupId", str)
RoleId = NewType("RoleId", str)
ApplicationCredentialId = NewType("ApplicationCredentialId", str)
AccessRuleId = NewType("AccessRuleId", str)
TrustId = NewType("TrustId", str)
ConsumerId = NewType("ConsumerId", str)
OauthRequestId = NewType("OauthRequestId", str)
OauthAccessId = NewType("OauthAccessId", str)
ServiceId = NewType("ServiceId", str)
EndpointId = NewType("EndpointId", str)
CredentialId = NewType("CredentialId", str)
PolicyId = NewType("PolicyId", str)
EndpointGroupId = NewType("EndpointGroupId", str)
IdentityProviderId = NewType("IdentityProviderId", str)
MappingId = NewType("MappingId", str)
ServiceProviderId = NewType("ServiceProviderId", str)
RegisteredLimitId = NewType("RegisteredLimitId", str)
LimitId = NewType("LimitId", str)
KeyPairId = NewType("KeyPairId", str)
FlavorId = NewType("FlavorId", str)
ImageId = NewType("ImageId", str)
LayerId = NewType("LayerId", str)
ImageTaskId = NewType("ImageTaskId", str)
MetadefNamespaceId = NewType("MetadefNamespaceId", str)
MetadefEntryId = NewType("MetadefEntryId", str)
InstanceId = NewType("InstanceId", str)
NetworkId = NewType("NetworkId", str)
SubnetId = NewType("SubnetId", str)
SubnetPoolId = NewType("SubnetPoolId", str)
SegmentRangeId = NewType("SegmentRangeId", str)
MeteringLabelId = NewType("MeteringLabelId", str)
MeteringRuleId = NewType("MeteringRuleId", str)
TrunkId = NewType("TrunkId", str)
AddressScopeId = NewType("AddressScopeId", str)
NdpProxyId = NewType("NdpProxyId", str)
ConntrackHelperId = NewType("ConntrackHelperId", str)
ServiceFlavorId = NewType("ServiceFlavorId", str)
ServiceProfileId = NewType("ServiceProfileId", str)
ShareId = NewType("ShareId", str)
PortForwardingId = NewType("PortForwardingId", str)
AddressGroupId = NewType("AddressGroupId", str)
DefaultRuleId = NewType("DefaultRuleId", str)
QosPolicyId = NewType("QosPolicyId", str)
QosRuleId = NewType("QosRuleId", str)
NicId = NewType("NicId", str)
VpcId = NewType("VpcId", str)
GroupId = NewType("GroupId", str)
RuleId = NewType("RuleId", str)
PublicAddressId = NewType("PublicAddressId", str)
VolumeId = NewType("VolumeId", str)
SnapshotId = NewType("SnapshotId", str)
AttachmentId = NewType("AttachmentId", str)
PoolId = NewType("PoolId", str)
VolumeTypeId = NewType("VolumeTypeId", str)
VolumeQosId = NewType("VolumeQosId", str)
BackupId = NewType("BackupId", str)
VolumeTransferId = NewType("VolumeTransferId", str)
VolumeMessageId = NewType("VolumeMessageId", str)
VolumeGroupId = NewType("VolumeGroupId", str)
GroupSnapshotId = NewType("GroupSnapshotId", str)
VolumeGroupTypeId = NewType("VolumeGroupTypeId", str)
HostId = NewType("HostId", str)
PlacementId = NewType("PlacementId", str)
AggregateId = NewType("AggregateId", str)
ResourceProviderId = NewType("ResourceProviderId", str)
ServerGroupId = NewType("ServerGroupId", str)
SessionId = NewType("SessionId", str)
WebSessionId = NewType("WebSessionId", str)
SectionKey = NewType("SectionKey", str)

Ec2Prefix = Literal[
    "i",
    "ami",
    "r",
    "sg",
    "sgr",
    "subnet",
    "vpc",
    "eni",
    "eipalloc",
    "eipassoc",
    "eni-attach",
    "key",
    "pl",
    "vol",
    "snap",
]
EC2_DIGITS: Final = 17


def ec2_key(uuid_text: str) -> str:
    """The 17 hex digits by which EC2 spells this UUID, `i-` and the like left out."""
    return uuid_text.replace("-", "")[:EC2_DIGITS]


def ec2_id(prefix: Ec2Prefix, uuid_text: str) -> str:
    """`i-0123456789abcdef0` for a UUID; the shape AWS has used since 2018."""
    return f"{prefix}-{ec2_key(uuid_text)}"


def from_ec2(prefix: Ec2Prefix, text: str) -> str | None:
    """The 17 digits out of an EC2 id, or None where the text is no such id (old ids had 8 digits)."""
    head, dash, digits = text.rpartition("-")
    if not dash or head != prefix or len(digits) not in {8, EC2_DIGITS}:
        return None
    if any(c not in "0123456789abcdef" for c in digits):
        return None
    return digits


def uuid_start(digits: str) -> str:
    """How the UUID begins whose EC2 id has these 17 digits: `01234567-89ab-4cde-8`. An index on the id finds it."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:]}"


def hex_id(uuid_text: str) -> str:
    """Keystone's spelling: 32 hex digits."""
    return uuid_text.replace("-", "")


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its 36-character form."""
    parts = text.split("-")
    return [len(p) for p in parts] == [8, 4, 4, 4, 12] and all(c in "0123456789abcdefABCDEF" for p in parts for c in p)


def host_section(host: HostId) -> SectionKey:
    return SectionKey(f"host/{host}")


def network_section(network: NetworkId) -> SectionKey:
    return SectionKey(f"network/{network}")


def group_section(group: GroupId) -> SectionKey:
    return SectionKey(f"group/{group}")
