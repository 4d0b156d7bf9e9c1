"""The work of an import: fetch, look, convert, keep. Done from the beginning again when whoever did it has died.

What does not belong here: who may ask for it (imports).
"""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.sight import visible
from kumoi.app.images.upload import Filling, filled, layer_of, room_for
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.converter import CONVERTED
from kumoi.contracts.inspector import Inspected
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid, KumoiError, NotFound, Unavailable
from kumoi.core.ids import ImageId, ImageTaskId
from kumoi.core.image_tasks import UNDER_WAY, ImageTask, is_copied
from kumoi.core.images import Image, Layer
from kumoi.core.query import Query, is_in

LEASE_S = 60.0
RENEW_BYTES = 64 << 20
MIB = 1 << 20


def waiting(house: House) -> list[ImageTaskId]:
    """The tasks that somebody must work on."""
    query = Query(filters=(is_in("status", UNDER_WAY),))
    return [task.id for task in house.store.read(lambda tx: tx.image_tasks.find(query))]


def carry_out(house: House, holder: str, task_id: str) -> None:
    """Do it to its end, good or bad. Nothing, where it has ended or another process is at it."""
    task = house.store.write(lambda tx: _take(tx, holder, task_id))
    if task is None:
        return
    work = _Work(house, holder, task)
    try:
        work.do()
    except KumoiError as error:
        work.fail(error.code, {**error.facts, "layer": error.layer})
    except Exception:
        work.fail("internal", {"request_id": task.request_id})
        raise
    finally:
        house.store.write(lambda tx: tx.leases.drop(_lease(task_id), holder))


class _Work:
    """One task in the hands of this process."""

    def __init__(self, house: House, holder: str, task: ImageTask) -> None:
        self._house = house
        self._holder = holder
        self._task = task
        actor = Actor(
            user_id=task.user_id, user_name="", project_id=task.project_id, roles=frozenset({"member", "reader"})
        )
        self._call = Call(actor=actor, request_id=task.request_id, now=house.clock.now())

    def do(self) -> None:
        image = self._house.store.read(lambda tx: _living(tx, self._task.image_id))
        if self._task.method == "glance-download":
            self._house.store.write(self._copy)
        elif self._task.method == "copy-image" and image.layer_id is not None:
            self._house.store.write(lambda tx: self._end(tx, _living(tx, image.id)))
        else:
            self._bring(image)

    def fail(self, code: str, facts: dict[str, Any]) -> None:
        """The image waits for bytes again; what was staged is not kept."""

        def write(tx: Transaction) -> None:
            image = tx.images.get(self._task.image_id)
            if image is not None and image.deleted_at is None:
                status = "queued" if image.status == "importing" else image.status
                tx.images.save(replace(image, status=status, staged_sha256=None, last_import="failed"))
            self._finish(tx, status="failure", code=code, facts=facts)

        self._house.store.write(write)

    def _bring(self, image: Image) -> None:
        filling = self._filling(image)
        try:
            self._pour(self._source(image), filling)
            self._check_hash(image, filling)
            inspected = self._house.inspector.inspect(filling.upload.path(), image.disk_format or "")
            if image.disk_format in CONVERTED:
                self._convert(image, filling)
            else:
                self._keep(filling, inspected)
        finally:
            filling.upload.abort()

    def _convert(self, image: Image, source: Filling) -> None:
        made = self._filling(image)
        try:
            self._pour(self._house.converter.convert(source.upload.path(), image.disk_format or ""), made)
            self._keep(made, self._house.inspector.inspect(made.upload.path(), "qcow2"))
        finally:
            made.upload.abort()

    def _filling(self, image: Image) -> Filling:
        return Filling(image, self._house.blobs.begin(self._house.store.read(lambda tx: room_for(tx, image))))

    def _source(self, image: Image) -> Iterator[bytes]:
        match self._task.method:
            case "glance-direct":
                return self._house.blobs.read(image.staged_sha256 or "")
            case "copy-image":
                return self._house.fetcher.fetch(image.locations[0].url)
            case _:
                return self._house.fetcher.fetch(self._task.url)

    def _pour(self, source: Iterator[bytes], filling: Filling) -> None:
        """All of it; every so many bytes we say that we are still at it, and look whether it is still wanted."""
        since = 0
        for piece in source:
            filling.write(piece)
            since += len(piece)
            if since >= RENEW_BYTES:
                since = 0
                self._house.store.write(self._renew)

    def _renew(self, tx: Transaction) -> None:
        _living(tx, self._task.image_id)
        if not tx.leases.take(_lease(self._task.id), self._holder, LEASE_S):
            raise Unavailable("image", what="lease", retry_after_s=1)

    def _check_hash(self, image: Image, filling: Filling) -> None:
        promised = self._task.sha512 or (image.sha512 if self._task.method == "copy-image" else None)
        found = filling.sha512.hexdigest()
        if promised and promised != found:
            raise Invalid("image", field="sha512", reason="hash_mismatch", value=found)

    def _keep(self, filling: Filling, inspected: Inspected) -> None:
        layer = layer_of(self._house, self._house.clock.now(), filling, inspected)

        def write(tx: Transaction) -> None:
            image = _living(tx, self._task.image_id)
            full = replace(filled(tx, image, filling, layer, inspected), disk_format=inspected.disk_format)
            self._end(tx, full)

        self._house.store.write(write)

    def _copy(self, tx: Transaction) -> None:
        """The same layer under another name."""
        if self._task.region not in {"", self._house.rules.region}:
            raise Invalid("image", field="glance_region", reason="no_such_region", value=self._task.region)
        source = visible(tx, self._call, ImageId(self._task.source_id))
        layer: Layer | None = tx.layers.get(source.layer_id) if source.layer_id else None
        if layer is None or source.status != "active":
            raise NotFound("image", kind="image", id=source.id)
        image = _living(tx, self._task.image_id)
        charge(tx, image.project_id, image.id, image_mib=-(-layer.size_bytes // MIB))
        kept = {name: value for name, value in source.properties.items() if is_copied(name)}
        copied = replace(
            image,
            status="active",
            disk_format=source.disk_format,
            container_format=source.container_format,
            size_bytes=source.size_bytes,
            virtual_bytes=source.virtual_bytes,
            checksum=source.checksum,
            sha512=source.sha512,
            layer_id=layer.id,
            properties={**image.properties, **kept},
        )
        self._end(tx, copied)

    def _end(self, tx: Transaction, image: Image) -> None:
        done = replace(image, staged_sha256=None, locations=(), last_import="done", updated_at=self._house.clock.now())
        saved = tx.images.save(done)
        thing = Thing("image", saved.id, saved.project_id)
        record(tx, self._house, self._call, "image.imported", thing, {"bytes": saved.size_bytes})
        self._finish(tx, status="success")

    def _finish(self, tx: Transaction, **how: Any) -> None:
        task = tx.image_tasks.get(self._task.id)
        if task is not None:
            tx.image_tasks.save(replace(task, updated_at=self._house.clock.now(), **how))


def _take(tx: Transaction, holder: str, task_id: str) -> ImageTask | None:
    task = tx.image_tasks.get(task_id)
    if task is None or task.status not in UNDER_WAY or not tx.leases.take(_lease(task_id), holder, LEASE_S):
        return None
    return tx.image_tasks.save(replace(task, status="processing"))


def _living(tx: Transaction, image_id: ImageId) -> Image:
    image = tx.images.get(image_id)
    if image is None or image.deleted_at is not None:
        raise NotFound("image", kind="image", id=image_id)
    return image


def _lease(task_id: str) -> str:
    return f"import/{task_id}"
