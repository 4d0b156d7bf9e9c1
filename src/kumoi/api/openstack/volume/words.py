"""What bodies of Cinder's share: names and descriptions, specs, truth values."""

from collections.abc import Mapping

from kumoi.core.errors import Invalid

LONGEST = 255
Spec = str | int | float | bool


def name_of(field: str, text: str | None) -> str:
    """Without the spaces around it; 1 to 255 characters."""
    found = (text or "").strip()
    if not 1 <= len(found) <= LONGEST:
        raise Invalid("api", field=field, reason="length", bound=f"from 1 to {LONGEST}")
    return found


def text_of(field: str, text: str | None, most: int = LONGEST) -> str:
    if len(text or "") > most:
        raise Invalid("api", field=field, reason="length", bound=f"at most {most}")
    return text or ""


def specs_of(field: str, specs: Mapping[str, Spec | None]) -> dict[str, str]:
    """Keys and values as texts of at most 255 characters."""
    for key, value in specs.items():
        if not 1 <= len(key) <= LONGEST or key.isspace() or not _plain(key):
            raise Invalid("api", field=f"{field}.{key[:32]}", reason="format")
        if value is None or len(str(value)) > LONGEST:
            raise Invalid("api", field=f"{field}.{key}", reason="length", bound=f"at most {LONGEST}")
    return {key: str(value) for key, value in specs.items()}


def flag(field: str, value: bool | str | int) -> bool:
    """A truth value in any of the ways that OpenStack's services take."""
    text = str(value).strip().lower()
    if text in {"true", "1", "t", "yes", "y", "on"}:
        return True
    if text in {"false", "0", "f", "no", "n", "off"}:
        return False
    raise Invalid("api", field=field, reason="wrong_type", expected="bool", got=text[:32])


def _plain(key: str) -> bool:
    return all(c.isalnum() or c in "_-.: " for c in key)
