"""How OpenStack's services are asked for a microversion, and what they answer when it is not served."""

from kumoi.api.edge.request import Request
from kumoi.core.errors import Invalid

Version = tuple[int, int]


def asked(request: Request, service: str, served: tuple[Version, Version], elder: str | None = None) -> Version:
    """By OpenStack-API-Version (`service 2.1`), or the service's own elder header; the least when neither is sent.

    `served`: the least and the most. Raises Invalid (version_format, version_range).
    """
    least, most = served
    text = _named(request.header("openstack-api-version"), service)
    if not text and elder is not None:
        text = request.header(elder) or ""
    if not text:
        return least
    if text == "latest":
        return most
    major, _, minor = text.partition(".")
    if not (major.isdigit() and minor.isdigit() and len(text) <= 8):
        raise Invalid("api", field="OpenStack-API-Version", reason="version_format", value=text)
    wanted = int(major), int(minor)
    if not least <= wanted <= most:
        raise Invalid(
            "api", field="OpenStack-API-Version", reason="version_range", value=text,
            least=spelled(least), most=spelled(most),
        )  # fmt: skip
    return wanted


def spelled(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _named(sent: str | None, service: str) -> str:
    """The version behind a service's name; the header may name several services."""
    for part in (sent or "").split(","):
        if part.strip().startswith(service + " "):
            return part.strip().removeprefix(service).strip()
    return ""
