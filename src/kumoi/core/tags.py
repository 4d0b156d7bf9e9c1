"""EC2's tags: what may be one. OpenStack's tags and metadata have rules of their own, beside their doors."""

from collections.abc import Mapping

from kumoi.core.errors import Invalid

NAMESPACE = "aws"
KEY_MOST = 128
VALUE_MOST = 256
TAGS_MOST = 50
RESERVED = "aws:"


def check_tags(tags: Mapping[str, str]) -> None:
    """Invalid (field Tag.Key, Tag.Value, Tag) for what EC2 would refuse on any resource."""
    for key, value in tags.items():
        if not 1 <= len(key) <= KEY_MOST:
            raise Invalid("api", field="Tag.Key", reason="length", bound=f"from 1 to {KEY_MOST}")
        if key.startswith(RESERVED):
            raise Invalid("api", field="Tag.Key", reason="reserved", value=key)
        if len(value) > VALUE_MOST:
            raise Invalid("api", field="Tag.Value", reason="length", bound=f"at most {VALUE_MOST}")
    check_count(len(tags))


def check_count(count: int) -> None:
    """The same for how many a resource has."""
    if count > TAGS_MOST:
        raise Invalid("api", field="Tag", reason="too_many", most=TAGS_MOST)
