"""A config drive: a small ISO 9660 image with the label by which cloud-init and its like find it.

What does not belong here: what the files say (the agent's guest services).
"""

import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import Final

from kumoi.core.errors import Invalid, Unavailable

LABEL: Final = "config-2"
_TIMEOUT_S: Final = 60.0


def write(files: dict[str, bytes], out: Path) -> None:
    """Make `out` of files by relative name (`openstack/latest/meta_data.json`). The work is done in a folder beside it.

    Raises Invalid for a name that leads elsewhere, Unavailable (what: genisoimage), OSError.
    """
    with tempfile.TemporaryDirectory(prefix=".drive-", dir=out.parent) as folder:
        for name, content in files.items():
            _put(Path(folder), name, content)
        # Rock Ridge with root as owner for Unix, Joliet for Windows.
        command = ["genisoimage", "-quiet", "-V", LABEL, "-J", "-joliet-long", "-r", "-o", str(out), folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        except FileNotFoundError as error:
            raise Unavailable("storage", what="genisoimage", reason="not_installed", package="genisoimage") from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable("storage", what="genisoimage", reason="timeout", waited_s=_TIMEOUT_S) from error
        if done.returncode:
            what = "space" if "No space left" in done.stderr else "genisoimage"
            raise Unavailable("storage", what=what, action="config_drive", detail=done.stderr.strip()[-300:])


def _put(folder: Path, name: str, content: bytes) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise Invalid("storage", field="config_drive", reason="bad_name", value=name)
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
