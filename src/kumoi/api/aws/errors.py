"""Core's refusals in AWS's codes: one table for EC2, a few other words for the query services.

Codes are API: clients and waiters compare them. Sentences are the edge's; HTTP's status follows the code.
"""

from typing import ClassVar, Final, Literal

from kumoi.api.edge import errors as edge
from kumoi.core import errors
from kumoi.core.errors import KumoiError


class WouldSucceed(KumoiError):
    """Nothing was done, as was asked; it would have been."""

    code: ClassVar[str] = "would_succeed"


Dialect = Literal["ec2", "query"]
Answer = tuple[str, int]

# Unauthenticated, by reason
UNTRUSTED: Final[dict[str, Answer]] = {
    "no_credentials": ("MissingAuthenticationToken", 403),
    "signature_malformed": ("IncompleteSignature", 400),
    "headers_not_signed": ("IncompleteSignature", 400),
    "unknown_access_key": ("InvalidClientTokenId", 403),
    "signature_mismatch": ("SignatureDoesNotMatch", 403),
    "payload_mismatch": ("SignatureDoesNotMatch", 403),
    "wrong_scope": ("SignatureDoesNotMatch", 403),
    "request_expired": ("RequestExpired", 400),
}
# EC2 answers these as it did before SigV4
UNTRUSTED_EC2: Final[dict[str, Answer]] = {
    "no_credentials": ("AuthFailure", 401),
    "unknown_access_key": ("AuthFailure", 401),
    "wrong_scope": ("AuthFailure", 401),
}

# Invalid, by reason; what is not here is a value that does not fit
INVALID: Final[dict[str, Answer]] = {
    "missing": ("MissingParameter", 400),
    "unknown_field": ("UnknownParameter", 400),
    "missing_action": ("MissingAction", 400),
    "unknown_action": ("InvalidAction", 400),
    "not_utf8_form": ("MalformedQueryString", 400),
    "twice": ("InvalidParameterCombination", 400),
    "combination": ("InvalidParameterCombination", 400),
    "malformed_id": ("InvalidParameterValue", 400),
    "other_parameters": ("IdempotentParameterMismatch", 400),
    "no_such_group": ("InvalidGroup.NotFound", 400),
    "no_such_key": ("InvalidKeyPair.NotFound", 400),
    "no_such_image": ("InvalidAMIID.NotFound", 400),
    "not_a_public_key": ("InvalidKey.Format", 400),
    "several_networks": ("MissingParameter", 400),
}

# NotFound and ill-formed ids, by kind: `InvalidInstanceID` + `.NotFound` or `.Malformed`
ID_CODES: Final[dict[str, str]] = {
    "instance": "InvalidInstanceID",
    "image": "InvalidAMIID",
    "keypair": "InvalidKeyPair",
    "security_group": "InvalidGroup",
    "security_rule": "InvalidSecurityGroupRuleId",
    "permission": "InvalidPermission",
    "subnet": "InvalidSubnetID",
    "vpc": "InvalidVpcID",
    "nic": "InvalidNetworkInterfaceID",
    "attachment": "InvalidAttachmentID",
    "public_address": "InvalidAllocationID",
    "association": "InvalidAssociationID",
    "address": "InvalidAddress",
    "volume": "InvalidVolume",
    "volume_snapshot": "InvalidSnapshot",
}
# ids whose ill-formed code differs from the pattern
MALFORMED: Final[dict[str, str]] = {
    "security_group": "InvalidGroupId.Malformed",
    "volume": "InvalidVolumeID.Malformed",
    "volume_snapshot": "InvalidSnapshotID.Malformed",
}
# refusals that have a code of their own for this kind of thing
BY_KIND: Final[dict[tuple[type[KumoiError], str], Answer]] = {
    (errors.InUse, "associated_address"): ("Resource.AlreadyAssociated", 400),
    (errors.InUse, "default_group"): ("CannotDelete", 400),
    (errors.InUse, "first_nic"): ("OperationNotPermitted", 400),
    (errors.InUse, "held_address"): ("InvalidIPAddress.InUse", 400),
    (errors.InUse, "nic"): ("InvalidNetworkInterface.InUse", 400),
    (errors.InUse, "device"): ("InvalidParameterValue", 400),
    (errors.InUse, "root_volume"): ("OperationNotPermitted", 400),
    (errors.InUse, "volume"): ("VolumeInUse", 400),
    (errors.InUse, "slot"): ("InvalidParameterValue", 400),
    (errors.NoAddress, "address"): ("InsufficientFreeAddressesInSubnet", 400),
    (errors.NotFound, "way"): ("Gateway.NotAttached", 400),
    (errors.Taken, "address"): ("InvalidIPAddress.InUse", 400),
    (errors.Taken, "security_rule"): ("InvalidPermission.Duplicate", 400),
    (errors.WrongState, "image"): ("InvalidAMIID.Unavailable", 400),
    (errors.WrongState, "instance"): ("IncorrectInstanceState", 400),
}

QUOTA: Final[dict[str, str]] = {
    "instances": "InstanceLimitExceeded",
    "vcpus": "VcpuLimitExceeded",
    "public_addresses": "AddressLimitExceeded",
    "volumes": "VolumeLimitExceeded",
    "security_groups": "SecurityGroupLimitExceeded",
    "security_rules": "RulesPerSecurityGroupLimitExceeded",
    "nics": "NetworkInterfaceLimitExceeded",
    "vpcs": "VpcLimitExceeded",
    "subnets": "SubnetLimitExceeded",
    "networks": "SubnetLimitExceeded",
    "key_pairs": "KeyPairLimitExceeded",
}

BY_TYPE: Final[dict[type[KumoiError], Answer]] = {
    errors.InUse: ("DependencyViolation", 400),
    errors.WrongState: ("IncorrectState", 400),
    errors.Stale: ("IncorrectState", 400),
    errors.Forbidden: ("UnauthorizedOperation", 403),
    errors.NoCapacity: ("InsufficientInstanceCapacity", 500),
    errors.NoAddress: ("InsufficientAddressCapacity", 400),
    errors.TooLarge: ("RequestEntityTooLarge", 413),
    errors.Unsupported: ("UnsupportedOperation", 400),
    errors.Unavailable: ("Unavailable", 503),
    WouldSucceed: ("DryRunOperation", 412),
    edge.NoRoute: ("InvalidAction", 404),
    edge.MethodNotAllowed: ("InvalidAction", 405),
    edge.HeadersTooLarge: ("RequestHeaderSectionTooLarge", 431),
    edge.UnsupportedMediaType: ("MalformedQueryString", 415),
    edge.TooManyTries: ("RequestLimitExceeded", 503),
    edge.Internal: ("InternalError", 500),
}
# The query services' words where they differ from EC2's
BY_TYPE_QUERY: Final[dict[type[KumoiError], Answer]] = {
    errors.Forbidden: ("AccessDenied", 403),
    errors.Unavailable: ("ServiceUnavailable", 503),
    errors.Unsupported: ("InvalidAction", 400),
    edge.TooManyTries: ("Throttling", 400),
    edge.Internal: ("InternalFailure", 500),
}


def answer_to(error: KumoiError, dialect: Dialect) -> Answer:
    """(code, HTTP status) of a refusal."""
    kind = str(error.facts.get("kind", ""))
    if (special := BY_KIND.get((type(error), kind))) is not None:
        return special
    match error:
        case errors.Unauthenticated():
            return _untrusted(str(error.facts.get("reason", "")), dialect)
        case errors.Invalid():
            return _invalid(str(error.facts.get("reason", "")), kind)
        case errors.NotFound() | errors.Taken():
            code, how = ID_CODES.get(kind), "NotFound" if isinstance(error, errors.NotFound) else "Duplicate"
            return (f"{code}.{how}" if code else "InvalidParameterValue"), 400
        case errors.QuotaExceeded():
            return QUOTA.get(str(error.facts.get("resource")), "ResourceLimitExceeded"), 400
        case _:
            own = BY_TYPE_QUERY.get(type(error)) if dialect == "query" else None
            return own or BY_TYPE.get(type(error), ("InternalError", 500))


def _untrusted(reason: str, dialect: Dialect) -> Answer:
    own = UNTRUSTED_EC2.get(reason) if dialect == "ec2" else None
    return own or UNTRUSTED.get(reason, ("AuthFailure", 401))


def _invalid(reason: str, kind: str) -> Answer:
    if reason == "malformed_id" and kind in ID_CODES:
        return MALFORMED.get(kind, f"{ID_CODES[kind]}.Malformed"), 400
    return INVALID.get(reason, ("InvalidParameterValue", 400))
