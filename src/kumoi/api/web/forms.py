"""Fields of a web form as values. What is wrong with a value is said by the door; here only what is no value at all."""

from kumoi.api.edge.request import Request
from kumoi.core.errors import Invalid


class Form:
    """The body's pairs of a urlencoded POST; also what a form that came back shows again."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return self._pairs

    def text(self, name: str, default: str = "") -> str:
        """The first value, without blanks around it."""
        return next((v.strip() for k, v in self._pairs if k == name), default)

    def raw(self, name: str) -> str:
        """The first value as sent, but with plain line ends: for passwords and for files' texts."""
        return next((v for k, v in self._pairs if k == name), "").replace("\r\n", "\n")

    def many(self, name: str) -> tuple[str, ...]:
        """All values that are not empty, each once."""
        return tuple(dict.fromkeys(v for k, v in self._pairs if k == name and v))

    def pairs_in(self, name: str) -> dict[str, str]:
        """`key=value` a line; empty lines are nothing. Invalid for a line that is neither, and for too long ones."""
        found: dict[str, str] = {}
        for line in filter(None, (one.strip() for one in self.raw(name).split("\n"))):
            key, sign, value = (part.strip() for part in line.partition("="))
            if not sign:
                raise Invalid("api", field=name, reason="format")
            if not 1 <= len(key) <= 255 or len(value) > 255:
                raise Invalid("api", field=name, reason="length", bound="from 1 to 255")
            found[key] = value
        return found

    def on(self, name: str) -> bool:
        """Whether a box is checked."""
        return any(k == name for k, _ in self._pairs)

    def whole(self, name: str, default: int) -> int:
        """A whole number; `default` where nothing was written. Invalid (field)."""
        text = self.text(name)
        if not text:
            return default
        if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 12:
            raise Invalid("api", field=name, reason="wrong_type", expected="int", got=text[:32])
        return int(text)


def form_of(request: Request) -> Form:
    return Form(request.form)


EMPTY = Form([])
