"""Icons: lucide's, drawn into the page itself. No request more, and they take the text's colour."""

import re
from pathlib import Path
from typing import Final

from markupsafe import Markup

FOLDER: Final = Path(__file__).parent / "assets/vendor/lucide/icons"
_INNER: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class Icons:
    """The files of a folder by their names. Immutable after construction."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._inner: dict[str, str] = {}
        for path in folder.glob("*.svg"):
            found = _INNER.search(path.read_text())
            if found is not None:
                self._inner[path.stem] = re.sub(r"\s*\n\s*", "", found[1])

    def draw(self, name: str, label: str = "") -> Markup:
        """KeyError for an icon that is not there. Without a label it is an ornament, which readers of screens skip."""
        said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        inner = Markup(self._inner[name])  # noqa: S704 - our own file
        return Markup('<svg class="icon" viewBox="0 0 24 24" {}>{}</svg>').format(said, inner)
