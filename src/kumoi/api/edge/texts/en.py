"""English. Sentences name what was refused, by which part, and what would help where the facts tell."""

from typing import Final

ERRORS: Final[dict[str, str]] = {
    "error": "The request could not be carried out.",
    "not_found": "No {kind} {id} was found.",
    "taken": "There is already a {kind} {name}.",
    "in_use": "The {kind} {id} is in use by the {by_kind} {by_id}.",
    "wrong_state": "The {kind} {id} is {status}; {action} is not possible in that state.",
    "stale": "The {kind} {id} was changed by another request meanwhile. Read it again and repeat.",
    "forbidden": "You are not allowed to do {action}. One of these roles would do: {needs}.",
    "quota_exceeded": "The quota of {resource} is exceeded: {wanted} wanted, {used} of {limit} used.",
    "no_capacity": "No host has room. Hosts looked at: {hosts}; dropped by: {dropped}; "
    "nearest: {nearest}; what would fit: {would_fit}.",
    "no_address": "No {kind} is left in {pool} (size {size}).",
    "too_large": "The {what} is too large: {size}, where {limit} is allowed.",
    "unsupported": "{what} is not built in this version.",
    "unavailable": "The {what} does not answer at present. Try again in {retry_after_s} s.",
    "no_route": "Nothing is served at {path}.",
    "method_not_allowed": "{method} is not served at {path}; {allow} are.",
    "headers_too_large": "The headers are too large: {size} bytes, where {limit} are allowed.",
    "unsupported_media_type": "A body of type {got} is not read here; send {wanted}.",
    "internal": "The cloud made a mistake. Its operator finds it in the log under {request_id}.",
}

# invalid: what is wrong with {field}
INVALID: Final[dict[str, str]] = {
    "missing": "Invalid input: {field} is required.",
    "unknown_field": "Invalid input: {field} is not known here.",
    "wrong_type": "Invalid input for {field}: {expected} is expected, not {got}.",
    "pattern": "Invalid input for {field}: it does not match {value}.",
    "length": "Invalid input for {field}: the length must be {bound}.",
    "range": "Invalid input for {field}: it must be {bound}.",
    "not_in_enum": "Invalid input for {field}: {value} is not one of the allowed values.",
    "format": "Invalid input for {field}: the format is wrong.",
    "not_json": "The body is not valid JSON.",
    "not_utf8_form": "The {field} is not a well-formed list of fields in UTF-8.",
    "no_such_action": "There is no action {field}.",
    "unknown_setting": "{field} is no setting ({origin}).",
    "not_toml": "{field} is not valid TOML: {detail}",
    "bad_setting": "The setting {field} is wrong ({origin}): {detail}",
}

UNAUTHENTICATED: Final[dict[str, str]] = {
    "no_credentials": "The request you have made requires authentication.",
    "bad_credentials": "The name or the password is wrong.",
    "token_expired": "The token has expired.",
    "token_invalid": "The token is not valid.",
}

CONDITIONS: Final[dict[str, str]] = {
    "waiting_for_host": "Waiting for a host.",
}

KINDS: Final[dict[str, str]] = {
    "instance": "instance",
    "flavor": "flavor",
    "image": "image",
    "layer": "layer",
    "keypair": "key pair",
    "network": "network",
    "subnet": "subnet",
    "nic": "network interface",
    "vpc": "router",
    "group": "security group",
    "rule": "security group rule",
    "public_address": "public address",
    "project": "project",
    "user": "user",
    "domain": "domain",
    "role": "role",
    "credential": "credential",
    "host": "host",
    "address": "address",
    "mac": "MAC address",
    "vni": "network number",
    "body": "body",
}
