"""API access: what programs need to reach this cloud as this user: files and commands to take along, and AWS keys.

A secret is shown when its key is made, and by no page later. The user's password is in nothing that is given here.
"""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.front import Front
from kumoi.api.web.visits import visitor
from kumoi.api.web.words import Table
from kumoi.app.identity import access_keys, people
from kumoi.core.tenancy import User

PATH: Final = "/api-access"
TEMPLATE: Final = "api.html"
# What a catalog names, by the words of this page, and where it is below the cloud's address.
SERVICES: Final = (
    ("identity", "/identity"),
    ("compute", "/compute/v2.1"),
    ("image", "/image"),
    ("network", "/network"),
    ("volume", "/volume/v3"),
    ("placement", "/placement"),
    ("ec2", "/ec2"),
    ("sts", "/sts"),
)
OPENSTACK_FIRST: Final = "\n".join((
    "export OS_CLOUD=kumoi",
    "openstack image list",
    "openstack server create --image IMAGE --flavor m1.nano --network private --wait demo",
    "openstack server list",
))  # fmt: skip
AWS_FIRST: Final = "\n".join((
    "aws sts get-caller-identity",
    "aws ec2 describe-images",
    "aws ec2 run-instances --image-id AMI --instance-type m1.nano",
    "aws ec2 describe-instances",
))  # fmt: skip

WORDS: Final[Table] = {
    "title": ("API access", "API アクセス"),
    "lead": (
        "All that is done here can be done by programs as well. Your password is in none of these files.",
        "ここでの操作はすべてプログラムからも行えます。以下のファイルにパスワードは含まれません。",
    ),
    "openstack": ("OpenStack", "OpenStack"),
    "openstack.lead": (
        "For openstack, openstacksdk, Ansible and Terraform. Save one of the two, and put your password in, or be "
        "asked for it.",
        "openstack コマンド、openstacksdk、Ansible、Terraform 用です。どちらかを保存し、パスワードを書き込むか、"
        "実行時に入力してください。",
    ),
    "first": ("First commands", "最初のコマンド"),
    "aws": ("AWS", "AWS"),
    "aws.lead": (
        "For aws, boto3 and all that speaks EC2. A key is yours, and works in the project {project} only.",
        "aws コマンド、boto3 など EC2 対応のツール用です。キーはあなた専用で、プロジェクト {project} でのみ有効です。",
    ),
    "keys": ("Access keys", "アクセスキー"),
    "keys.none": ("You have no access key in this project.", "このプロジェクトのアクセスキーはありません。"),
    "keys.create": ("Create an access key", "アクセスキーを作成"),
    "keys.made": ("Your new access key", "新しいアクセスキー"),
    "keys.once": (
        "The secret is shown this once. Copy or save it now.",
        "シークレットが表示されるのは今回だけです。今すぐコピーまたは保存してください。",
    ),
    "keys.access": ("Access key", "アクセスキー"),
    "keys.settings": ("For a shell", "シェル用の設定"),
    "keys.kept": ("I have kept it", "保存しました"),
    "keys.delete": ("Delete the access key {access}?", "アクセスキー {access} を削除しますか？"),
    "keys.delete.why": (
        "Programs that use it are refused from then on.",
        "このキーを使うプログラムは以後拒否されます。",
    ),
    "keys.deleted": ("The access key {access} was deleted.", "アクセスキー {access} を削除しました。"),
    "endpoints": ("Endpoints", "エンドポイント"),
    "region": ("Region", "リージョン"),
    "service.identity": ("Identity", "認証"),
    "service.compute": ("Compute", "コンピュート"),
    "service.image": ("Images", "イメージ"),
    "service.network": ("Network", "ネットワーク"),
    "service.volume": ("Volumes", "ボリューム"),
    "service.placement": ("Placement", "配置"),
    "service.ec2": ("EC2", "EC2"),
    "service.sts": ("STS", "STS"),
}


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", PATH, partial(show, front), "credential.own", "web"),
        Route("POST", f"{PATH}/keys", partial(create, front), "credential.own", "web"),
        Route("GET", f"{PATH}/keys/{{access}}/delete", partial(ask_delete, front), "credential.own", "web"),
        Route("POST", f"{PATH}/keys/{{access}}/delete", partial(delete, front), "credential.own", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, who = request.call(), visitor(request)
    url, user = front.site.url(request), people.user(front.house, call, who.user_id)
    found = [key for key, _ in access_keys.find(front.house, call, who.user_id) if key.project_id == who.project_id]
    return front.page(
        request,
        TEMPLATE,
        keys=sorted(found, key=lambda key: (key.created_at, key.access), reverse=True),
        services=[(name, url + path) for name, path in SERVICES if name not in front.house.rules.off.tongues],
        region=front.site.region,
        clouds=clouds_yaml(user, who.project_id or "", url, front.site.region),
        openrc=openrc(user, who.project_id or "", url, front.site.region),
        openstack_first=OPENSTACK_FIRST,
        aws_first=AWS_FIRST,
    )


def create(front: Front, request: Request) -> Response:
    """The answer is the only one that ever has the secret in it."""
    call, url = request.call(), front.site.url(request)
    key, secret = access_keys.create(front.house, call, call.actor.user_id, call.project_id)
    settings = {
        "AWS_ACCESS_KEY_ID": key.access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": front.site.region,
        "AWS_ENDPOINT_URL_EC2": f"{url}/ec2",
        "AWS_ENDPOINT_URL_STS": f"{url}/sts",
    }
    return front.part(request, TEMPLATE, "made", key=key, settings=_exports(settings))


def ask_delete(front: Front, request: Request) -> Response:
    call = request.call()
    key, _ = access_keys.get(front.house, call, call.actor.user_id, request.params["access"])
    values: dict[str, Any] = {
        "title": front.say(request, "api.keys.delete", access=key.access),
        "text": front.say(request, "api.keys.delete.why"),
        "hindered": "",
        "action": f"{PATH}/keys/{key.access}/delete",
        "submit": front.say(request, "delete"),
    }
    return front.part(request, "confirm.html", "confirm", **values)


def delete(front: Front, request: Request) -> Response:
    call, access = request.call(), request.params["access"]
    access_keys.delete(front.house, call, call.actor.user_id, access)
    return front.done(request, PATH, front.say(request, "api.keys.deleted", access=access), stay=True)


def clouds_yaml(user: User, project_id: str, url: str, region: str) -> str:
    """Texts are quoted as JSON quotes them, which YAML reads."""
    return "\n".join((
        "clouds:",
        "  kumoi:",
        "    auth:",
        f"      auth_url: {_json(url + '/identity/v3')}",
        f"      username: {_json(user.name)}",
        f"      user_domain_id: {_json(user.domain_id)}",
        f"      project_id: {_json(project_id)}",
        "      # password: …",
        f"    region_name: {_json(region)}",
        "    identity_api_version: 3",
    ))  # fmt: skip


def openrc(user: User, project_id: str, url: str, region: str) -> str:
    """For a shell to read (`. openrc.sh`); it asks for the password."""
    settings = {
        "OS_AUTH_URL": f"{url}/identity/v3",
        "OS_USERNAME": user.name,
        "OS_USER_DOMAIN_ID": user.domain_id,
        "OS_PROJECT_ID": project_id,
        "OS_REGION_NAME": region,
        "OS_IDENTITY_API_VERSION": "3",
    }
    asks = 'printf "Password: "; stty -echo; read -r OS_PASSWORD; stty echo; echo; export OS_PASSWORD'
    return f"{_exports(settings)}\n{asks}"


def _exports(settings: dict[str, str]) -> str:
    return "\n".join(f"export {name}={_word(value)}" for name, value in settings.items())


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _word(text: str) -> str:
    """As one word of a shell, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"
