"""API access: what clients need to reach this cloud as this user, in files and commands to take along; AWS keys."""

from functools import partial
from typing import Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import form_of
from kumoi.api.web.front import Front
from kumoi.api.web.visits import visitor
from kumoi.api.web.words import Table
from kumoi.app.identity import access_keys
from kumoi.app.identity.web_sessions import Visitor
from kumoi.core.tenancy import DEFAULT_DOMAIN

TEMPLATE: Final = "api.html"

WORDS: Final[Table] = {
    "title": ("API access", "API アクセス"),
    "lead": ("All that is here can be done by programs too. Put your password where it says PASSWORD.",
             "ここでの操作はすべてプログラムからも行えます。PASSWORD はご自身のものに置き換えてください。"),
    "openstack": ("OpenStack", "OpenStack"),
    "openstack.lead": ("For openstack, openstacksdk, Ansible and Terraform.",
                       "openstack コマンド、openstacksdk、Ansible、Terraform で使えます。"),
    "clouds": ("clouds.yaml", "clouds.yaml"),
    "openrc": ("openrc.sh", "openrc.sh"),
    "first": ("First commands", "最初のコマンド"),
    "aws": ("AWS", "AWS"),
    "aws.lead": ("For aws, boto3 and everything that speaks EC2. Keys belong to you and to this project.",
                 "aws コマンド、boto3 など EC2 に対応するもので使えます。鍵はあなたとこのプロジェクトのものです。"),
    "keys": ("Access keys", "アクセスキー"),
    "keys.none": ("You have no access key in this project.", "このプロジェクトのアクセスキーはありません。"),
    "keys.make": ("Create access key", "アクセスキーを作成"),
    "keys.secret": ("Secret", "シークレット"),
    "keys.show": ("Show the settings", "設定を表示"),
    "keys.delete": ("Delete the access key {access}?", "アクセスキー {access} を削除しますか?"),
    "keys.delete.lead": ("Programs that use it are refused at once.", "このキーを使うプログラムは直ちに拒否されます。"),
    "keys.made": ("The access key was made.", "アクセスキーを作成しました。"),
    "keys.deleted": ("The access key was deleted.", "アクセスキーを削除しました。"),
    "endpoints": ("Addresses", "エンドポイント"),
    "endpoints.catalog": ("Identity and catalog", "認証とカタログ"),
    "endpoints.ec2": ("EC2", "EC2"),
    "region": ("Region", "リージョン"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/api-access", partial(show, front), "credential.own", "web"),
        Route("POST", "/api-access/keys", partial(make, front), "credential.own", "web"),
        Route("GET", "/api-access/keys/{access}", partial(one_key, front), "credential.own", "web"),
        Route("GET", "/api-access/keys/{access}/delete", partial(confirm, front), "credential.own", "web"),
        Route("POST", "/api-access/keys/{access}/delete", partial(delete, front), "credential.own", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, who = request.call(), visitor(request)
    found = access_keys.find(front.house, call, who.user_id)
    url = front.site.url(request)
    return front.page(
        request,
        TEMPLATE,
        keys=[key for key, _ in found if key.project_id == who.project_id],
        url=url,
        region=front.site.region,
        clouds=_clouds(who, url, front.site.region),
        openrc=_openrc(who, url, front.site.region),
    )


def make(front: Front, request: Request) -> Response:
    call, who = request.call(), visitor(request)
    access_keys.create(front.house, call, who.user_id, call.project_id)
    return front.done(request, "/api-access", front.say(request, "api.keys.made"), stay=True)


def one_key(front: Front, request: Request) -> Response:
    key, secret = access_keys.get(front.house, request.call(), visitor(request).user_id, request.params["access"])
    settings = _aws(front.site.url(request), front.site.region, key.access, secret)
    return front.part(request, TEMPLATE, "secret", key=key, settings=settings)


def confirm(front: Front, request: Request) -> Response:
    key, _ = access_keys.get(front.house, request.call(), visitor(request).user_id, request.params["access"])
    return front.part(request, TEMPLATE, "confirm", key=key)


def delete(front: Front, request: Request) -> Response:
    form_of(request)
    access_keys.delete(front.house, request.call(), visitor(request).user_id, request.params["access"])
    return front.done(request, "/api-access", front.say(request, "api.keys.deleted"), stay=True)


def _clouds(who: Visitor, url: str, region: str) -> str:
    """Names are quoted as JSON quotes them, which YAML reads."""
    return "\n".join((
        "clouds:",
        "  kumoi:",
        "    auth:",
        f"      auth_url: {_quoted(url + '/identity/v3')}",
        f"      username: {_quoted(who.user_name)}",
        "      password: PASSWORD",
        f"      project_id: {_quoted(who.project_id or '')}",
        f"      user_domain_id: {DEFAULT_DOMAIN}",
        f"    region_name: {_quoted(region)}",
        "    identity_api_version: 3",
    ))  # fmt: skip


def _openrc(who: Visitor, url: str, region: str) -> str:
    pairs = {
        "OS_AUTH_URL": f"{url}/identity/v3",
        "OS_USERNAME": who.user_name,
        "OS_PROJECT_ID": who.project_id or "",
        "OS_USER_DOMAIN_ID": DEFAULT_DOMAIN,
        "OS_REGION_NAME": region,
        "OS_IDENTITY_API_VERSION": "3",
    }
    asked = ('printf "Password: "', "stty -echo; read -r OS_PASSWORD; stty echo", "export OS_PASSWORD")
    return "\n".join([*(f"export {name}={_shell(value)}" for name, value in pairs.items()), *asked])


def _aws(url: str, region: str, access: str, secret: str) -> str:
    pairs = {
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL_EC2": f"{url}/ec2",
        "AWS_ENDPOINT_URL_STS": f"{url}/sts",
    }
    return "\n".join(f"export {name}={_shell(value)}" for name, value in pairs.items())


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _shell(text: str) -> str:
    """As one word of a shell, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"
