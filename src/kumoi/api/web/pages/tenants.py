"""Projects and what each may have, for administrators: list, make, change, delete, and set quotas."""

from functools import partial
from typing import Any, Final, get_args

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app.identity import people
from kumoi.app.quotas import Limits, quota, set_quota
from kumoi.core.errors import KumoiError
from kumoi.core.ids import ProjectId
from kumoi.core.query import Order
from kumoi.core.quotas import Resource
from kumoi.core.tenancy import Project

SHAPE: Final = Shape(path="/admin/projects", sortable=("name", "created_at"), first=Order("name"))
FIRST: Final[tuple[Resource, ...]] = (
    "instances", "vcpus", "memory_mib", "networks", "subnets", "nics", "vpcs", "public_addresses", "security_groups",
    "security_rules", "images", "key_pairs",
)  # fmt: skip
HINDERING: Final[tuple[Resource, ...]] = (
    "instances", "images", "networks", "subnets", "nics", "vpcs", "public_addresses",
)  # fmt: skip
_FIELDS: Final = {"name": "name", "taken": "name", "description": "description"}
_KNOWN: Final = frozenset(get_args(Resource))

WORDS: Final[Table] = {
    "title": ("Projects", "プロジェクト"),
    "lead": ("Everything belongs to a project; quotas say how much it may have.",
             "すべてのリソースはプロジェクトに属し、上限はクォータで決まります。"),
    "some": ("project", "プロジェクト"),
    "create": ("Create a project", "プロジェクトを作成"),
    "create.lead": ("Give users a role in it afterwards, so that they can work there.",
                    "作成後にユーザーへロールを割り当てると、利用できるようになります。"),
    "made": ("{name} was made.", "{name} を作成しました。"),
    "edit": ("Edit {name}", "{name} を編集"),
    "saved": ("{name} was changed.", "{name} を変更しました。"),
    "enabled.help": ("A disabled project is closed: nobody can work in it; what runs goes on.",
                     "無効にすると誰も操作できなくなります。稼働中のものはそのまま続きます。"),
    "delete": ("Delete the project {name}?", "プロジェクト {name} を削除しますか？"),
    "delete.text": ("Its security groups, access keys and roles go with it. Its users stay.",
                    "セキュリティグループ・アクセスキー・ロールも削除されます。ユーザーは残ります。"),
    "delete.used": ("It still has {things}. Delete these first.", "まだ {things} があります。先に削除してください。"),
    "delete.thing": ("{what}: {n}", "{what}: {n}"),
    "delete.here": ("You work in it now. Switch to another project first.",
                    "現在のプロジェクトです。先に別のプロジェクトに切り替えてください。"),
    "deleted": ("The project {name} was deleted.", "プロジェクト {name} を削除しました。"),
    "account": ("AWS account", "AWS アカウント"),
    "enabled": ("Enabled", "有効"),
    "disabled": ("Disabled", "無効"),
    "quotas": ("Quotas", "クォータ"),
    "quotas.of": ("Quotas of {name}", "{name} のクォータ"),
    "quotas.lead": ("-1 means no limit. A limit below what is used takes nothing away.",
                    "-1 は無制限です。使用量より小さくしても、既存のものは削除されません。"),
    "quotas.saved": ("The quotas of {name} were changed.", "{name} のクォータを変更しました。"),
    "used": ("{n} used", "使用中 {n}"),
    "resource.instances": ("Instances", "インスタンス"),
    "resource.vcpus": ("Processors", "プロセッサー"),
    "resource.memory_mib": ("Memory (MiB)", "メモリ (MiB)"),
    "resource.networks": ("Networks", "ネットワーク"),
    "resource.subnets": ("Subnets", "サブネット"),
    "resource.nics": ("Network interfaces", "ネットワークインターフェース"),
    "resource.vpcs": ("Routers", "ルーター"),
    "resource.public_addresses": ("Floating IPs", "Floating IP"),
    "resource.security_groups": ("Security groups", "セキュリティグループ"),
    "resource.security_rules": ("Security group rules", "セキュリティグループルール"),
    "resource.images": ("Images", "イメージ"),
    "resource.key_pairs": ("Key pairs", "キーペア"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/admin/projects", partial(show, front), "identity.read", "web"),
        Route("GET", "/admin/projects/create", partial(ask, front), "identity.write", "web"),
        Route("POST", "/admin/projects/create", partial(create, front), "identity.write", "web"),
        Route("GET", "/admin/projects/{id}/edit", partial(edit, front), "identity.write", "web"),
        Route("POST", "/admin/projects/{id}/edit", partial(change, front), "identity.write", "web"),
        Route("GET", "/admin/projects/{id}/delete", partial(ask_delete, front), "identity.write", "web"),
        Route("POST", "/admin/projects/{id}/delete", partial(delete, front), "identity.write", "web"),
        Route("GET", "/admin/projects/{id}/quotas", partial(look, front), "quota.update", "web"),
        Route("POST", "/admin/projects/{id}/quotas", partial(save, front), "quota.update", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[Project]:
        filters = (containing("name", asked.text),) if asked.text else ()
        return people.projects(front.house, call, asked.query(*filters))

    return front.page(request, "tenants.html", list=listing(asked, find, lambda project: project.id))


def ask(front: Front, request: Request) -> Response:
    return front.ask(request, "identity.write", "tenants.html", "create", form=EMPTY, errors={})


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    wish = Project(id=ProjectId(""), account="", name=form.text("name"), description=form.text("description"))
    try:
        made = people.create_project(front.house, request.call(), wish)
    except KumoiError as e:
        return front.again(
            request, "tenants.html", "create", e, form=form, errors=at_fields(request, e, _FIELDS)
        )  # fmt: skip
    return front.done(request, "/admin/projects", front.say(request, "tenants.made", name=made.name), stay=True)


# --- changing and deleting ------------------------------------------------------------------------------


def edit(front: Front, request: Request) -> Response:
    project = _project(front, request)
    pairs = [("name", project.name), ("description", project.description)]
    form = Form([*pairs, *([("enabled", "yes")] if project.enabled else [])])
    return front.ask(request, "identity.write", "tenants.html", "edit", project=project, form=form, errors={})


def change(front: Front, request: Request) -> Response:
    project, form = _project(front, request), form_of(request)
    words = {"name": form.text("name"), "description": form.text("description")}
    wish: dict[str, str | bool] = {**words, "enabled": form.on("enabled")}
    try:
        saved = people.update_project(front.house, request.call(), project.id, wish)
    except KumoiError as e:
        values = {"project": project, "form": form, "errors": at_fields(request, e, _FIELDS)}
        return front.again(request, "tenants.html", "edit", e, **values)
    return front.done(request, "/admin/projects", front.say(request, "tenants.saved", name=saved.name), stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    project = _project(front, request)
    return front.ask(
        request,
        "identity.write",
        "confirm.html",
        "confirm",
        title=front.say(request, "tenants.delete", name=project.name),
        text=front.say(request, "tenants.delete.text"),
        hindered=_hindered(front, request, project.id),
        action=f"/admin/projects/{project.id}/delete",
        submit=front.say(request, "delete"),
    )


def _hindered(front: Front, request: Request, project_id: ProjectId) -> str:
    """What is in the project and does not go with it, and how much of it."""
    call = request.call()
    if project_id == call.actor.project_id:
        return front.say(request, "tenants.delete.here")
    counters = quota(front.house, call, project_id)
    things = [
        front.say(request, "tenants.delete.thing", what=front.say(request, f"tenants.resource.{key}"), n=used)
        for key in HINDERING
        if (used := counters[key].used)
    ]
    return front.say(request, "tenants.delete.used", things=", ".join(things)) if things else ""


def delete(front: Front, request: Request) -> Response:
    project = _project(front, request)
    people.delete_project(front.house, request.call(), project.id)
    return front.done(request, "/admin/projects", front.say(request, "tenants.deleted", name=project.name), stay=True)


def _project(front: Front, request: Request) -> Project:
    return people.project(front.house, request.call(), ProjectId(request.params["id"]))


# --- quotas ---------------------------------------------------------------------------------------------


def look(front: Front, request: Request) -> Response:
    return front.ask(request, "quota.update", "tenants.html", "quotas", **_quotas(front, request, EMPTY, {}))


def save(front: Front, request: Request) -> Response:
    form, project_id = form_of(request), ProjectId(request.params["id"])
    try:
        project = people.project(front.house, request.call(), project_id)
        set_quota(front.house, request.call(), project_id, _limits(form))
    except KumoiError as e:
        values = _quotas(front, request, form, at_fields(request, e, {key: key for key in FIRST}))
        return front.again(request, "tenants.html", "quotas", e, **values)
    says = front.say(request, "tenants.quotas.saved", name=project.name)
    return front.done(request, "/admin/projects", says, stay=True)


def _limits(form: Form) -> Limits:
    return {key: form.whole(key, -1) for key in FIRST if key in _KNOWN and form.text(key)}


def _quotas(front: Front, request: Request, form: Form, errors: Any) -> dict[str, Any]:
    call, project_id = request.call(), ProjectId(request.params["id"])
    return {
        "project": people.project(front.house, call, project_id),
        "counters": quota(front.house, call, project_id),
        "resources": FIRST,
        "form": form,
        "errors": errors,
    }
