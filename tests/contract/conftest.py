"""What several contract suites need: the tiny guest's image, built once for this machine's packages."""

import tempfile
from pathlib import Path

import pytest

from kumoi.ops.image.build import TinyImage, tiny_image


@pytest.fixture(scope="session")
def tiny() -> TinyImage:
    # Named by what it is made from, so that runs may share it.
    return tiny_image(Path(tempfile.gettempdir()) / "kumoi-test-images", say=print)
