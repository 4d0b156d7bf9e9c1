"""/backups/{id}/export_record and /backups/import_record: what is known of a backup, for a cloud that lost it, or
another one at the same store. The record is base64 of JSON, as Cinder's; its words are in part our own.
"""

import base64
from functools import partial
from typing import Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.backups import backup_id, brief
from kumoi.api.openstack.volume.volumes import checked
from kumoi.app.backups import records
from kumoi.app.backups.records import Record
from kumoi.app.house import House
from kumoi.core.errors import Invalid

SERVICE: Final = "cinder.backup.drivers.kumoi"
FIELD: Final = "backup-record.backup_url"


class _Said(msgspec.Struct):
    backup_service: str
    backup_url: str


class ImportBody(msgspec.Struct):
    wanted: _Said = msgspec.field(name="backup-record")


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/backups/{id}/export_record", partial(export, house), "backup.records", "volume"),
        Route("POST", "/backups/import_record", partial(take_in, house), "backup.records", "volume",
              body_type=ImportBody, success=201),
    ]  # fmt: skip


def export(house: House, request: Request) -> Response:
    record = records.export(house, request.call(), backup_id(request))
    url = base64.b64encode(msgspec.json.encode(record)).decode()
    return json_response({"backup-record": {"backup_service": SERVICE, "backup_url": url}})


def take_in(house: House, request: Request) -> Response:
    asked = request.json(ImportBody).wanted
    if asked.backup_service != SERVICE:
        raise Invalid(
            "api", field="backup-record.backup_service", reason="not_in_enum", value=asked.backup_service[:64]
        )
    try:
        record = msgspec.json.decode(base64.b64decode(asked.backup_url, validate=True), type=Record)
    except (ValueError, msgspec.MsgspecError) as e:
        raise Invalid("api", field=FIELD, reason="format") from e
    checked(record.metadata)
    view = records.take_in(house, request.call(), record)
    return json_response({"backup": brief(request, view)}, 201)
