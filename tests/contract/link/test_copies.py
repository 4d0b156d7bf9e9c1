"""Copies of disks given by the link, in the process and over the wire: taken whole, or not at all."""

import hashlib
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from tests.contract.link.conftest import Rig
from tests.contract.link.test_link import HELLO
from tests.contract.storage.images import qcow2

from kumoi.app.images import doors as images
from kumoi.app.instances import run
from kumoi.app.instances.imaging import ImageWish, create_image
from kumoi.app.instances.wish import RunWish
from kumoi.core.copies import CopyBytes, CopyOffer
from kumoi.core.errors import Invalid, NotFound, Stale, Unavailable, WrongState
from kumoi.core.ids import FlavorId, ImageId, SessionId
from kumoi.core.images import Image

DATA = qcow2()


def of(data: bytes) -> CopyBytes:
    return CopyBytes(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


class Host:
    """A host that has an instance, of which an image is asked for; it speaks by the link under test."""

    def __init__(self, rig: Rig) -> None:
        self.rig, cloud = rig, rig.cloud
        cloud.settle()
        wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image())
        self.instance = run.run(cloud.house, cloud.call(), wish)[0].id
        cloud.settle()
        self.image = create_image(cloud.house, cloud.call(), self.instance, ImageWish(name="copy")).id
        welcome = rig.link.hello(replace(HELLO, name="one"))
        self.offer = CopyOffer(
            host_id=welcome.host_id, session=welcome.session, image_id=self.image, copied=of(DATA)
        )  # fmt: skip

    def shown(self) -> Image:
        return images.get(self.rig.cloud.house, self.rig.cloud.call(), self.image)

    def give(self, *pieces: bytes, **other: object) -> None:
        self.rig.link.give(replace(self.offer, **other), iter(pieces))


@pytest.fixture
def host(rig: Rig) -> Host:
    return Host(rig)


def eventually(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60.0
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_is_given_becomes_the_image(host: Host) -> None:
    host.give(DATA[:1000], DATA[1000:])
    assert host.shown().status == "active"
    _, layer = images.layer_of(host.rig.cloud.house, host.rig.cloud.call(), host.image)
    assert layer is not None
    assert b"".join(host.rig.link.layer(layer.sha256)) == DATA
    with pytest.raises(NotFound):  # it is there: given again, it is nobody's
        host.give(DATA)


def test_bytes_that_are_not_what_was_promised_are_not_taken(host: Host) -> None:
    with pytest.raises(Unavailable):
        host.give(DATA, copied=replace(of(DATA), sha256=of(b"other").sha256))
    assert host.shown().status == "queued"
    host.give(DATA)
    assert host.shown().status == "active"


def test_a_gift_that_breaks_off_is_begun_anew(host: Host) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA[:1000]
        raise Unavailable("storage", what="files")

    with pytest.raises(Unavailable):
        host.rig.link.give(host.offer, broken())

    def given() -> bool:
        """Over the wire, control may not have noticed yet that nothing more comes."""
        try:
            host.give(DATA)
        except WrongState:
            return False
        return True

    eventually(given)
    assert host.shown().status == "active"


def test_nobody_takes_what_nobody_waits_for(host: Host) -> None:
    big = b"x" * (8 << 20)  # the answer comes before its end
    with pytest.raises(NotFound):
        host.give(big, image_id=ImageId("00000000-0000-0000-0000-000000000000"), copied=of(big))
    other = host.rig.link.hello(replace(HELLO, name="stranger"))
    with pytest.raises(NotFound):
        host.give(DATA, host_id=other.host_id, session=other.session)
    with pytest.raises(Stale):
        host.give(DATA, session=SessionId("old"))
    assert host.shown().status == "queued"


def test_what_is_no_disk_is_refused_for_good(host: Host) -> None:
    with pytest.raises(Invalid):
        host.give(b"no disk", copied=of(b"no disk"))
    assert host.shown().status == "killed"
    with pytest.raises(NotFound):
        host.give(DATA)
