"""Launching instances: what there is to choose from, whether it will fit and why not, and the launch itself."""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.wording import sentence
from kumoi.api.web.words import Table
from kumoi.app import flavors, keypairs
from kumoi.app.images import doors as images
from kumoi.app.instances import run
from kumoi.app.instances.preview import Preview, preview
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.security_groups import find_groups
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId, ImageId, NetworkId
from kumoi.core.images import Image
from kumoi.core.query import Order, Query, eq

TEMPLATE: Final = "launch.html"
GIB: Final = 1 << 30
# How doors call what the form calls otherwise.
FIELDS: Final[Mapping[str, str]] = {
    "name": "name", "flavor": "flavor", "image": "image", "networks": "networks", "security_groups": "groups",
    "key_name": "key", "user_data": "user_data", "count": "count", "max_count": "count",
}  # fmt: skip

WORDS: Final[Table] = {
    "title": ("Launch instance", "インスタンスを起動"),
    "lead": (
        "Choose what it is made from and how big it is. The rest has sensible values.",
        "作成元と大きさを選びます。その他は適切な値が入っています。",
    ),
    "name.help": (
        "Shown everywhere, and the guest's host name. With several instances a number is added.",
        "一覧に表示され、ゲストのホスト名にもなります。複数起動する場合は番号が付きます。",
    ),
    "count": ("How many", "台数"),
    "image": ("Image", "イメージ"),
    "image.lead": ("What is on its disk at first.", "ディスクの最初の内容です。"),
    "image.none": ("There is no image to boot from.", "起動できるイメージがありません。"),
    "image.upload": ("Upload an image", "イメージを登録"),
    "flavor": ("Flavor", "フレーバー"),
    "flavor.lead": ("How much of a machine it gets.", "割り当てる資源の大きさです。"),
    "networks": ("Networks", "ネットワーク"),
    "networks.lead": (
        "It gets an interface on each, in this order. None chosen: the project's only one.",
        "それぞれにインターフェースを持ちます。選ばなければプロジェクトの唯一のネットワークを使います。",
    ),
    "networks.none": (
        "This project has no network; the instance will not be reached.",
        "このプロジェクトにネットワークがないため、インスタンスに接続できません。",
    ),
    "shared": ("shared", "共有"),
    "access": ("Access", "アクセス"),
    "key": ("Key pair", "キーペア"),
    "key.help": (
        "Its public key lets you in by SSH. It cannot be added later.",
        "公開鍵で SSH 接続できるようになります。後から追加することはできません。",
    ),
    "key.none": ("No key pair", "キーペアなし"),
    "key.make": ("Create a key pair", "キーペアを作成"),
    "groups": ("Security groups", "セキュリティグループ"),
    "groups.help": (
        "What may reach it. None chosen: the group called default.",
        "許可する通信を決めます。選ばなければ default グループが使われます。",
    ),
    "advanced": ("More settings", "詳細設定"),
    "user_data": ("User data", "ユーザーデータ"),
    "user_data.help": (
        "A script or cloud-config that the guest runs at its first start.",
        "ゲストが最初の起動時に実行するスクリプトや cloud-config です。",
    ),
    "config_drive": ("Give it a config drive", "コンフィグドライブを付ける"),
    "config_drive.help": (
        "For guests that read their metadata from a disk.",
        "メタデータをディスクから読むゲスト向けです。",
    ),
    "fit": ("Will it fit?", "起動できるか"),
    "fit.yes": ("It will fit.", "起動できます。"),
    "fit.no": ("It will not fit.", "起動できません。"),
    "fit.choose": ("Choose an image and a flavor.", "イメージとフレーバーを選んでください。"),
    "go": ("Launch", "起動"),
    "quota.instances": ("Instances", "インスタンス"),
    "quota.vcpus": ("vCPUs", "vCPU"),
    "quota.memory_mib": ("Memory", "メモリ"),
    "done": ("{name} is being built.", "{name} を作成しています。"),
    "done_many": ("{n} instances are being built.", "{n} 台のインスタンスを作成しています。"),
}


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/launch", partial(show, front), "instance.create", "web"),
        Route("POST", "/launch", partial(launch, front), "instance.create", "web"),
        Route("POST", "/launch/fit", partial(fit, front), "instance.create", "web", pool="read"),
    ]


def show(front: Front, request: Request) -> Response:
    call = front.caller(request, "instance.create")
    choices = _choices(front, call)
    form = _first(request, choices)
    return front.page(request, TEMPLATE, **choices, form=form, errors={}, **_fit(front, request, call, form))


def launch(front: Front, request: Request) -> Response:
    call, form = request.call(), form_of(request)
    try:
        made = run.run(front.house, call, wish_of(form))
    except KumoiError as e:
        values = {"form": form, "errors": at_fields(request, e, FIELDS), **_fit(front, request, call, form)}
        values |= _choices(front, call)
        return front.screens.page(request, TEMPLATE, values, status=front.status(e))
    if len(made) == 1:
        return front.done(request, f"/instances/{made[0].id}", front.say(request, "launch.done", name=made[0].name))
    return front.done(request, "/instances", front.say(request, "launch.done_many", n=len(made)))


def fit(front: Front, request: Request) -> Response:
    """What the choice would take, and what stands in its way, while it is being made."""
    call, form = front.caller(request, "instance.create"), form_of(request)
    return front.part(request, TEMPLATE, "fit", **_fit(front, request, call, form))


def wish_of(form: Form) -> RunWish:
    """Refuses like the APIs' EC2: nothing is made that fits nowhere."""
    count = form.whole("count", 1)
    networks = form.many("networks")
    script = form.raw("user_data")
    return RunWish(
        name=form.text("name"),
        flavor_id=FlavorId(form.text("flavor")),
        image_id=ImageId(form.text("image")),
        nics=tuple(NicChoice(network_id=NetworkId(n)) for n in networks) if networks else None,
        groups=form.many("groups"),
        keypair_name=form.text("key"),
        user_data=base64.b64encode(script.encode()).decode() if script.strip() else "",
        count_min=count,
        count_max=count,
        config_drive=form.on("config_drive"),
        refuse_full=True,
    )


def _choices(front: Front, call: Call) -> dict[str, Any]:
    """What exists, as doors show it to this caller."""
    house = front.house
    found = images.find(house, call, Query(filters=(eq("status", "active"),), order=(Order("name"),)))
    nets = reading.find(house, call, NETWORKS, Query(filters=(eq("external", value=False),), order=(Order("name"),)))
    own = Query(filters=(eq("project_id", call.project_id),))
    return {
        "images": [i for i in found if i.layer_id is not None and i.virtual_bytes],
        "flavors": sorted(flavors.find(house, call, Query()), key=lambda f: (f.memory_mib, f.vcpus, f.disk_gib)),
        "networks": [view.network for view in nets if view.subnet_ids],
        "groups": [view.group for view in find_groups(house, call, own)],
        "keys": keypairs.find(house, call, Query()),
    }


def _first(request: Request, choices: dict[str, Any]) -> Form:
    """Sensible values: the image asked for or the only one, the smallest flavor that it fits, the only network."""
    found: list[Image] = choices["images"]
    asked = request.arg("image") or ""
    image = next((i for i in found if i.id == asked), found[0] if len(found) == 1 else None)
    fitting = [f for f in choices["flavors"] if image is None or not _lacks(f, image)]
    keys, networks = choices["keys"], choices["networks"]
    pairs = [("count", "1"), ("image", image.id if image else ""), ("flavor", fitting[0].id if fitting else "")]
    pairs += [("key", keys[0].name)] if keys else []
    pairs += [("networks", networks[0].id)] if len(networks) == 1 else []
    return Form(pairs)


def _lacks(flavor: Flavor, image: Image) -> bool:
    """Whether the flavor is too small, as the door will say."""
    disk = max(image.min_disk_gib, -(-(image.virtual_bytes or 0) // GIB))
    return flavor.memory_mib < image.min_ram_mib or bool(flavor.disk_gib and flavor.disk_gib < disk)


def _fit(front: Front, request: Request, call: Call, form: Form) -> dict[str, Any]:
    """The verdict, and each quota as it would be. No verdict before image and flavor are chosen."""
    if not form.text("image") or not form.text("flavor"):
        return {"chosen": False, "complaints": [], "shares": ()}
    try:
        # A name may still be missing: that is no question of fitting.
        named = form if form.text("name") else Form([("name", "x"), *form.pairs])
        found: Preview = preview(front.house, call, wish_of(named))
    except Invalid as e:
        return {"chosen": True, "complaints": [sentence(e, request.locale)], "shares": ()}
    return {
        "chosen": True,
        "complaints": [sentence(e, request.locale) for e in found.refusals],
        "shares": found.shares,
    }
