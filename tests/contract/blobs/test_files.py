"""What is the file driver's own: where files lie, and what a crash leaves."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.contract.blobs.test_blobs import CONTENT, SHA256, put

from kumoi.adapters.storage.blobs import FileBlobs


def test_a_blob_is_a_read_only_file_by_its_hash(tmp_path: Path) -> None:
    put(FileBlobs(tmp_path), CONTENT)
    file = tmp_path / SHA256[:2] / SHA256
    assert file.read_bytes() == CONTENT
    assert stat.S_IMODE(file.stat().st_mode) == 0o440
    assert list((tmp_path / "tmp").iterdir()) == []


DYING = """
import os, sys
from pathlib import Path
from kumoi.adapters.storage.blobs import FileBlobs
upload = FileBlobs(Path(sys.argv[1])).begin(100)
upload.write(b"half")
print(upload.path(), flush=True)
os._exit(1)
"""


def test_a_dead_writers_upload_is_swept_and_a_living_ones_kept(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    living = blobs.begin(100)
    living.write(b"whole")
    died = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    left = Path(died.stdout.strip())
    assert left.read_bytes() == b"half"
    FileBlobs(tmp_path)
    assert not left.exists()
    assert b"".join(blobs.read(living.commit())) == b"whole"
