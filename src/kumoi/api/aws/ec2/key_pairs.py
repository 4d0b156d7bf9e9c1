"""Key pairs: create, import, describe, delete."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import ids, tags
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import tag_list
from kumoi.api.edge.request import Request
from kumoi.app import keypairs
from kumoi.app import tags as labels
from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.ids import ec2_id
from kumoi.core.policy import allow
from kumoi.core.query import Query, is_in
from kumoi.core.tenancy import KeyPair

KIND: Final = "keypair"
PLACES: Final = {"fingerprint": "KeyFingerprint", "key-name": "KeyName", "key-pair-id": "KeyPairId"}


def actions(house: House) -> list[Action]:
    return [
        Action("CreateKeyPair", partial(create, house), "keypair.create", pool="hash"),
        Action("ImportKeyPair", partial(take_in, house), "keypair.create"),
        Action("DescribeKeyPairs", partial(describe, house), "keypair.read"),
        Action("DeleteKeyPair", partial(delete, house), "keypair.delete"),
    ]


def create(house: House, request: Request, wish: Values) -> Values:
    """Ed25519 whatever is asked for: keys that are made here are of that kind."""
    if wish.get("KeyFormat", "pem") != "pem":
        raise Unsupported("compute", what="KeyFormat")
    pair, private = keypairs.create(house, request.call(), wish["KeyName"], None)
    return {**_made(house, request, wish, pair), "KeyMaterial": private}


def take_in(house: House, request: Request, wish: Values) -> Values:
    try:
        public = wish["PublicKeyMaterial"].decode("ascii")
    except UnicodeDecodeError:
        raise Invalid("api", field="PublicKeyMaterial", reason="not_a_public_key") from None
    pair, _ = keypairs.create(house, request.call(), wish["KeyName"], public)
    return _made(house, request, wish, pair)


def describe(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    matches = matching(wish, PLACES)
    pairs = _chosen(house, call, wish)
    tagged = labels.of(house, call, KIND, tuple(p.id for p in pairs))
    shown = [
        _brief(pair)
        | {"KeyType": _type(pair), "CreateTime": pair.created_at, "Tags": tag_list(tagged.get(pair.id))}
        | ({"PublicKey": pair.public_key} if wish.get("IncludePublicKey") else {})
        for pair in pairs
    ]
    return {"KeyPairs": [values for values in shown if matches(values)]}


def delete(house: House, request: Request, wish: Values) -> Values:
    """One that is not there is no error, for those who might have deleted it."""
    call = request.call()
    allow(call, "keypair.delete")
    if not (wish.get("KeyName") or wish.get("KeyPairId")):
        raise Invalid("api", field="KeyName", reason="missing")
    try:
        pair = _named(house, call, wish)
        keypairs.delete(house, call, pair.name)
    except NotFound:
        return {"Return": True}
    return {"Return": True, "KeyPairId": ec2_id("key", pair.id)}


def _named(house: House, call: Call, wish: Values) -> KeyPair:
    if wish.get("KeyPairId"):
        return ids.one(KIND, wish["KeyPairId"], partial(keypairs.find, house, call))
    return keypairs.get(house, call, wish["KeyName"])


def _chosen(house: House, call: Call, wish: Values) -> list[KeyPair]:
    if texts := wish.get("KeyPairIds"):
        return ids.each(KIND, texts, partial(keypairs.find, house, call))
    names = tuple(wish.get("KeyNames", ()))
    found = keypairs.find(house, call, Query(filters=(is_in("name", names),) if names else ()))
    for name in set(names) - {p.name for p in found}:
        raise ids.not_found(KIND, name)
    return found


def _made(house: House, request: Request, wish: Values, pair: KeyPair) -> Values:
    wished = tags.wished(wish, KIND)
    tags.tag(house, request.call(), KIND, pair.id, wished)
    return {**_brief(pair), "Tags": tag_list(wished)}


def _brief(pair: KeyPair) -> Values:
    return {"KeyName": pair.name, "KeyPairId": ec2_id("key", pair.id), "KeyFingerprint": pair.fingerprint}


def _type(pair: KeyPair) -> str:
    return "ed25519" if "ed25519" in pair.public_key.split()[0] else "rsa"
