"""Key pairs: list, make, import, look, delete. A private key is given to its maker once, as a file; none is kept."""

import re
from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.refusals import at_fields, note
from kumoi.api.web.words import Table
from kumoi.app import keypairs
from kumoi.app.quotas import quota
from kumoi.core.errors import KumoiError, NotFound
from kumoi.core.keys import sha256_fingerprint
from kumoi.core.query import Order, Query, is_in
from kumoi.core.tenancy import KeyPair

SHAPE: Final = Shape(path="/keypairs", sortable=("name", "created_at"), first=Order("name"))
PRIVATE_KEY: Final = "application/x-pem-file"
_TEMPLATE: Final = "keypairs.html"
_FIELDS: Final = {"name": "name", "taken": "name", "public_key": "public_key"}

WORDS: Final[Table] = {
    "title": ("Key pairs", "キーペア"),
    "lead": (
        "SSH keys that the cloud puts into instances. They are yours, in every project.",
        "インスタンスに登録される SSH 鍵です。すべてのプロジェクトでご自身のものとして使えます。",
    ),
    "one": ("Key pair", "キーペア"),
    "some": ("key pair", "キーペア"),
    "empty": ("No key pair yet", "キーペアはまだありません"),
    "empty.why": (
        "With a key pair you sign in to instances without a password. The cloud keeps the public half only; "
        "the private half is saved on your machine, once.",
        "キーペアがあれば、パスワードなしでインスタンスにログインできます。クラウドが保管するのは公開鍵だけです。"
        "秘密鍵はお使いの端末に一度だけ保存されます。",
    ),
    "create": ("Create a key pair", "キーペアを作成"),
    "create.lead": (
        "The private key is saved by your browser. It cannot be had a second time.",
        "秘密鍵はブラウザーで保存されます。後から再取得することはできません。",
    ),
    "create.submit": ("Create and save", "作成して保存"),
    "import": ("Import a public key", "公開鍵をインポート"),
    "import.lead": (
        "Use a key that you have already. Only its public half comes here.",
        "すでにお持ちの鍵を使います。ここに送られるのは公開鍵だけです。",
    ),
    "import.submit": ("Import", "インポート"),
    "public_key": ("Public key", "公開鍵"),
    "public_key.help": (
        "One line, as in ~/.ssh/id_ed25519.pub",
        "~/.ssh/id_ed25519.pub のような 1 行のテキスト",
    ),
    "file": ("Or from a file", "またはファイルから"),
    "fingerprint": ("Fingerprint", "フィンガープリント"),
    "fingerprint.sha256": ("Fingerprint (SHA-256)", "フィンガープリント (SHA-256)"),
    "fingerprint.md5": ("Fingerprint (MD5)", "フィンガープリント (MD5)"),
    "kind": ("Type", "種類"),
    "use": ("Sign in with it", "この鍵でログインする"),
    "made": (
        "{name} was made, and its private key saved as {file}.",
        "{name} を作成し、秘密鍵を {file} として保存しました。",
    ),
    "imported": ("{name} was imported.", "{name} をインポートしました。"),
    "delete": ("Delete {n} key pairs?", "{n} 件のキーペアを削除しますか？"),
    "delete_one": ("Delete this key pair?", "このキーペアを削除しますか？"),
    "delete.why": (
        "Instances that have the key keep it. The private key on your machine stays too.",
        "すでに鍵が登録されたインスタンスには影響しません。お手元の秘密鍵もそのまま残ります。",
    ),
    "deleted": ("{n} key pairs were deleted.", "{n} 件のキーペアを削除しました。"),
    "deleted_one": ("{name} was deleted.", "{name} を削除しました。"),
}


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/keypairs", partial(show, front), "keypair.read", "web"),
        Route("GET", "/keypairs/create", partial(ask, front, "create"), "keypair.create", "web"),
        Route("POST", "/keypairs/create", partial(create, front), "keypair.create", "web"),
        Route("GET", "/keypairs/import", partial(ask, front, "import"), "keypair.create", "web"),
        Route("POST", "/keypairs/import", partial(import_, front), "keypair.create", "web"),
        Route("GET", "/keypairs/delete", partial(ask_delete, front), "keypair.delete", "web"),
        Route("POST", "/keypairs/delete", partial(delete, front), "keypair.delete", "web"),
        Route("GET", "/keypairs/{id}", partial(look, front), "keypair.read", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[KeyPair]:
        filters = (containing("name", asked.text),) if asked.text else ()
        return keypairs.find(front.house, call, asked.query(*filters))

    counter = quota(front.house, call, call.project_id)["key_pairs"]
    found = listing(asked, find, lambda pair: pair.id)
    return front.page(request, _TEMPLATE, list=found, counter=counter)


def look(front: Front, request: Request) -> Response:
    pair = _named(front, request, (request.params["id"],))[0]
    values = {"pair": pair, "sha256": sha256_fingerprint(pair.public_key), "file": file_name(pair.name)}
    return front.part(request, _TEMPLATE, "look", **values)


def ask(front: Front, block: str, request: Request) -> Response:
    return front.ask(request, "keypair.create", _TEMPLATE, block, form=EMPTY, errors={})


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        pair, private = keypairs.create(front.house, request.call(), form.text("name"), None)
    except KumoiError as e:
        return _again(front, request, "create", e, form)
    file = file_name(pair.name)
    says = front.say(request, "keypairs.made", name=pair.name, file=file)
    headers = (("content-disposition", f'attachment; filename="{file}"'), note(says, closeDialog=True))
    return Response(200, (private or "").encode(), PRIVATE_KEY, headers)


def import_(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        pair, _ = keypairs.create(front.house, request.call(), form.text("name"), form.raw("public_key"))
    except KumoiError as e:
        return _again(front, request, "import", e, form)
    says = front.say(request, "keypairs.imported", name=pair.name)
    return front.done(request, "/keypairs", says, stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    pairs = _named(front, request, Form(request.query).many("ids"))
    return front.ask(request, "keypair.delete", _TEMPLATE, "delete", pairs=pairs)


def delete(front: Front, request: Request) -> Response:
    pairs = _named(front, request, form_of(request).many("ids"))
    for pair in pairs:
        keypairs.delete(front.house, request.call(), pair.name)
    word = "keypairs.deleted_one" if len(pairs) == 1 else "keypairs.deleted"
    says = front.say(request, word, name=pairs[0].name, n=len(pairs))
    return front.done(request, "/keypairs", says, stay=True)


def file_name(name: str) -> str:
    """Of the private key on the user's machine: what any system takes, whatever the pair is called."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('.-')[:64] or 'key'}.pem"


def _named(front: Front, request: Request, ids: tuple[str, ...]) -> list[KeyPair]:
    """The caller's own with these ids, at least one. NotFound for any that is not there."""
    found = keypairs.find(front.house, request.call(), Query(filters=(is_in("id", ids),)))
    gone = set(ids) - {pair.id for pair in found}
    if gone or not found:
        raise NotFound("compute", kind="keypair", id=min(gone, default=""))
    return found


def _again(front: Front, request: Request, block: str, error: KumoiError, form: Form) -> Response:
    values: dict[str, Any] = {"form": form, "errors": at_fields(request, error, _FIELDS)}
    return front.again(request, _TEMPLATE, block, error, **values)
