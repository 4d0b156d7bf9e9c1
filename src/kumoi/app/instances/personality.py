"""Files that an instance's user gives it: bounded as Nova bounds them, and put in place by the guest itself.

They stand on its config drive, whatever else it has; cloud-init copies them from there at the first boot.
"""

import base64
import binascii
from collections.abc import Mapping

from kumoi.app.quota_defaults import check_single
from kumoi.contracts.store import Transaction
from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId


def check_files(tx: Transaction, project_id: ProjectId, files: Mapping[str, str]) -> None:
    """`files`: base64 by path. Raises Invalid, QuotaExceeded."""
    if not files:
        return
    check_single(tx, project_id, "injected_files", len(files))
    for path, text in files.items():
        if not path or "\0" in path:
            raise Invalid("compute", field="personality", reason="format")
        check_single(tx, project_id, "injected_file_path_bytes", len(path.encode()))
        check_single(tx, project_id, "injected_file_content_bytes", len(_decoded(text)))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as e:
        raise Invalid("compute", field="personality", reason="base64") from e
