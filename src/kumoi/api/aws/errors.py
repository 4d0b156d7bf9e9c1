"""Core's refusals in AWS's codes: one table for EC2, a few other words for the query services.

Codes are API: clients and waiters compare them. Sentences are the edge's; HTTP's status follows the code.
"""

from typing import Final, Literal

from kumoi.api.edge import errors as edge
from kumoi.core import errors
from kumoi.core.errors import KumoiError

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
}

# NotFound and ill-formed ids, by kind: `InvalidInstanceID` + `.NotFound` or `.Malformed`
ID_CODES: Final[dict[str, str]] = {
    "instance": "InvalidInstanceID",
    "image": "InvalidAMIID",
    "keypair": "InvalidKeyPair",
    "group": "InvalidGroup",
    "rule": "InvalidPermission",
    "subnet": "InvalidSubnetID",
    "vpc": "InvalidVpcID",
    "nic": "InvalidNetworkInterfaceID",
    "public_address": "InvalidAllocationID",
    "volume": "InvalidVolume",
    "snapshot": "InvalidSnapshot",
}
# ids whose ill-formed code differs from the pattern
MALFORMED: Final[dict[str, str]] = {
    "group": "InvalidGroupId.Malformed",
    "volume": "InvalidVolumeID.Malformed",
    "snapshot": "InvalidSnapshotID.Malformed",
}

QUOTA: Final[dict[str, str]] = {
    "instances": "InstanceLimitExceeded",
    "vcpus": "VcpuLimitExceeded",
    "public_addresses": "AddressLimitExceeded",
    "volumes": "VolumeLimitExceeded",
    "groups": "SecurityGroupLimitExceeded",
    "rules": "RulesPerSecurityGroupLimitExceeded",
    "nics": "NetworkInterfaceLimitExceeded",
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
    edge.NoRoute: ("InvalidAction", 404),
    edge.MethodNotAllowed: ("InvalidAction", 405),
    edge.HeadersTooLarge: ("RequestHeaderSectionTooLarge", 431),
    edge.UnsupportedMediaType: ("MalformedQueryString", 415),
    edge.Internal: ("InternalError", 500),
}
# The query services' words where they differ from EC2's
BY_TYPE_QUERY: Final[dict[type[KumoiError], Answer]] = {
    errors.Forbidden: ("AccessDenied", 403),
    errors.Unavailable: ("ServiceUnavailable", 503),
    errors.Unsupported: ("InvalidAction", 400),
    edge.Internal: ("InternalFailure", 500),
}


def answer_to(error: KumoiError, dialect: Dialect) -> Answer:
    """(code, HTTP status) of a refusal."""
    kind = str(error.facts.get("kind", ""))
    reason = str(error.facts.get("reason", ""))
    match error:
        case errors.Unauthenticated():
            special = UNTRUSTED_EC2.get(reason) if dialect == "ec2" else None
            return special or UNTRUSTED.get(reason, ("AuthFailure", 401))
        case errors.Invalid() if reason == "malformed_id" and kind in ID_CODES:
            return MALFORMED.get(kind, f"{ID_CODES[kind]}.Malformed"), 400
        case errors.Invalid():
            return INVALID.get(reason, ("InvalidParameterValue", 400))
        case errors.NotFound():
            code = ID_CODES.get(kind)
            return (f"{code}.NotFound" if code else "InvalidParameterValue"), 400
        case errors.Taken():
            code = ID_CODES.get(kind)
            return (f"{code}.Duplicate" if code else "InvalidParameterValue"), 400
        case errors.QuotaExceeded():
            return QUOTA.get(str(error.facts.get("resource")), "ResourceLimitExceeded"), 400
        case errors.WrongState() if kind == "instance":
            return "IncorrectInstanceState", 400
        case errors.NoAddress() if kind == "address":
            return "InsufficientFreeAddressesInSubnet", 400
        case _:
            own = BY_TYPE_QUERY.get(type(error)) if dialect == "query" else None
            return own or BY_TYPE.get(type(error), ("InternalError", 500))
