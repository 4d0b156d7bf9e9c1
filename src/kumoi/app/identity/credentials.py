"""Credentials of any type, sealed at rest: their doors. Those of the type `ec2` are access keys, and sign as such."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.application_credentials import check_own
from kumoi.app.identity.names import check_name
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Taken
from kumoi.core.ids import CredentialId, ProjectId, UserId, hex_id
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import AccessKey, Credential

EC2 = "ec2"
TYPE_MOST = 255


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """`blob` is plain text, of an access key JSON."""

    id: CredentialId
    user_id: UserId
    project_id: str
    type: str
    blob: str


class _Pair(msgspec.Struct):
    access: str
    secret: str


def create(house: House, call: Call, wish: Opened) -> Opened:
    """`wish.id` is chosen here."""
    allow(call, "credential.make")
    check_own(call, wish.user_id)
    check_name("type", wish.type, TYPE_MOST)
    made = replace(wish, id=CredentialId(hex_id(house.chance.uuid())))
    pair = _pair(made.blob) if made.type == EC2 else None
    sealed = house.vault.seal(pair.secret if pair else made.blob)

    def write(tx: Transaction) -> None:
        _check_owner(tx, made)
        if pair is not None:
            _check_free(tx, pair.access, made.id)
            key = AccessKey(
                id=made.id,
                access=pair.access,
                sealed_secret=sealed,
                user_id=made.user_id,
                project_id=ProjectId(made.project_id),
                created_at=call.now,
            )
            tx.access_keys.insert(key)
        else:
            tx.credentials.insert(
                Credential(
                    id=made.id,
                    user_id=made.user_id,
                    project_id=made.project_id,
                    type=made.type,
                    sealed_blob=sealed,
                    created_at=call.now,
                )
            )
        record(tx, house, call, "credential.create", Thing("credential", made.id, made.project_id))

    house.store.write(write)
    return made


def find(house: House, call: Call, user_id: str | None = None, of_type: str | None = None) -> list[Opened]:
    """The caller's own, or (administrators) everybody's."""
    allow(call, "identity.read_own")
    if not may(call, "credential.all"):
        user_id = user_id or call.actor.user_id
    if user_id is not None:
        check_own(call, user_id)
    wanted = Query(filters=() if user_id is None else (eq("user_id", user_id),))
    keys, rest = house.store.read(lambda tx: (tx.access_keys.find(wanted), tx.credentials.find(wanted)))
    found = [*(_of_key(house, key) for key in keys), *(_of_row(house, row) for row in rest)]
    return [one for one in found if of_type in {None, one.type}]


def get(house: House, call: Call, credential_id: str) -> Opened:
    """NotFound for another user's, but to administrators."""
    allow(call, "identity.read_own")
    key, row = house.store.read(lambda tx: (tx.access_keys.get(credential_id), tx.credentials.get(credential_id)))
    owner = key.user_id if key is not None else row.user_id if row is not None else None
    if owner is not None and (owner == call.actor.user_id or may(call, "credential.all")):
        if key is not None:
            return _of_key(house, key)
        if row is not None:
            return _of_row(house, row)
    raise NotFound("identity", kind="credential", id=credential_id)


def update(house: House, call: Call, credential_id: str, blob: str) -> Opened:
    """Only what is in it changes: for another owner or type make another one."""
    allow(call, "credential.make")
    old = get(house, call, credential_id)
    pair = _pair(blob) if old.type == EC2 else None
    sealed = house.vault.seal(pair.secret if pair else blob)

    def write(tx: Transaction) -> None:
        key, row = tx.access_keys.get(credential_id), tx.credentials.get(credential_id)
        if key is not None and pair is not None:
            _check_free(tx, pair.access, credential_id)
            tx.access_keys.save(replace(key, access=pair.access, sealed_secret=sealed))
        elif row is not None:
            tx.credentials.save(replace(row, sealed_blob=sealed))
        else:
            raise NotFound("identity", kind="credential", id=credential_id)
        record(tx, house, call, "credential.update", Thing("credential", credential_id, old.project_id))

    house.store.write(write)
    return replace(old, blob=blob)


def delete(house: House, call: Call, credential_id: str) -> None:
    allow(call, "credential.make")
    gone = get(house, call, credential_id)

    def write(tx: Transaction) -> None:
        tx.access_keys.remove(credential_id)
        tx.credentials.remove(credential_id)
        record(tx, house, call, "credential.delete", Thing("credential", credential_id, gone.project_id))

    house.store.write(write)


def _of_key(house: House, key: AccessKey) -> Opened:
    blob = msgspec.json.encode(_Pair(access=key.access, secret=house.vault.open(key.sealed_secret))).decode()
    return Opened(id=key.id, user_id=key.user_id, project_id=key.project_id, type=EC2, blob=blob)


def _of_row(house: House, row: Credential) -> Opened:
    blob = house.vault.open(row.sealed_blob)
    return Opened(id=row.id, user_id=row.user_id, project_id=row.project_id, type=row.type, blob=blob)


def _pair(blob: str) -> _Pair:
    try:
        return msgspec.json.decode(blob, type=_Pair)
    except msgspec.DecodeError as e:
        raise Invalid("identity", field="blob", reason="format") from e


def _check_owner(tx: Transaction, made: Opened) -> None:
    user = tx.users.get(made.user_id)
    if user is None:
        raise NotFound("identity", kind="user", id=made.user_id)
    if made.type == EC2 and not made.project_id:
        raise Invalid("identity", field="project_id", reason="missing")
    project = tx.projects.get(made.project_id) if made.project_id else None
    if made.project_id and project is None:
        raise NotFound("identity", kind="project", id=made.project_id)


def _check_free(tx: Transaction, access: str, own_id: str) -> None:
    if any(key.id != own_id for key in tx.access_keys.find(Query(filters=(eq("access", access),)))):
        raise Taken("identity", kind="access_key", name=access)
