"""POST, GET, HEAD, DELETE /v3/auth/tokens, and what the holder of a token may choose from."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.errors import TooManyTries
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site, catalog, narrowed
from kumoi.api.openstack.identity.application_credentials import plain_rule
from kumoi.api.openstack.identity.domains import render as render_domain
from kumoi.api.openstack.identity.oauth1 import signed as signed_request
from kumoi.api.openstack.identity.paging import page
from kumoi.api.openstack.identity.projects import render as render_project
from kumoi.api.openstack.identity.roles import shown_id
from kumoi.api.openstack.times import bare, micro
from kumoi.app.house import House
from kumoi.app.identity import catalog as entered
from kumoi.app.identity import factors, oauth1, scopes, signed, tokens
from kumoi.app.identity.factors import Receipt
from kumoi.app.identity.passwords import WRONG
from kumoi.app.identity.patience import Patience
from kumoi.app.identity.shown import beside
from kumoi.app.identity.tokens import Grant, Scope, Who
from kumoi.core.errors import Invalid, NotFound, Unauthenticated
from kumoi.core.signatures import Asked as SignedRequest


class _Domain(msgspec.Struct):
    id: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        return self.id or self.name


class _User(msgspec.Struct):
    password: str = ""
    passcode: str = ""
    id: str = ""
    name: str = ""
    domain: _Domain | None = None


class _Password(msgspec.Struct):
    user: _User


class _Token(msgspec.Struct):
    id: str


class _Owner(msgspec.Struct):
    id: str = ""
    name: str = ""
    domain: _Domain | None = None


class _Credential(msgspec.Struct):
    secret: str
    id: str = ""
    name: str = ""
    user: _Owner | None = None


class _Identity(msgspec.Struct):
    methods: list[str]
    application_credential: _Credential | None = None
    password: _Password | None = None
    totp: _Password | None = None
    token: _Token | None = None


class _Project(msgspec.Struct):
    id: str = ""
    name: str = ""
    domain: _Domain | None = None


class _Auth(msgspec.Struct):
    identity: _Identity
    scope: Any = None


class AuthBody(msgspec.Struct):
    auth: _Auth


class _S3(msgspec.Struct):
    access: str
    signature: str
    token: str


class SignedBody(msgspec.Struct):
    ec2: SignedRequest | None = msgspec.field(name="ec2Credentials", default=None)
    s3: _S3 | None = msgspec.field(name="credentials", default=None)


class _Trust(msgspec.Struct):
    id: str


class _ScopeBody(msgspec.Struct, forbid_unknown_fields=True):
    trust: _Trust | None = msgspec.field(name="OS-TRUST:trust", default=None)
    project: _Project | None = None
    system: dict[str, bool] | None = None
    domain: _Domain | None = None


def routes(house: House, site: Site) -> list[Route]:
    patience = Patience()
    return [
        Route("POST", "/v3/auth/tokens", partial(issue, house, site, patience), "token.issue", "identity",
              body_type=AuthBody, pool="hash",
              anonymous=True, success=201),
        *(
            Route("POST", f"/v3/{path}", partial(by_signature, house, site), "token.read", "identity", pool="write")
            for path in ("ec2tokens", "s3tokens")
        ),
        Route("GET", "/v3/auth/tokens", partial(show, house, site), "identity.read_own", "identity"),
        Route("DELETE", "/v3/auth/tokens", partial(revoke, house), "identity.read_own", "identity", success=204),
        *(
            Route("GET", f"/v3/{base}/{plural}", partial(mine, house), "identity.read_own", "identity")
            for base in ("auth", "OS-FEDERATION")
            for plural, mine in (("projects", my_projects), ("domains", my_domains))
        ),
        Route("GET", "/v3/auth/system", partial(my_system, house), "identity.read_own", "identity"),
        Route("GET", "/v3/auth/catalog", partial(my_catalog, house, site), "identity.read_own", "identity"),
    ]  # fmt: skip


def issue(house: House, site: Site, patience: Patience, request: Request) -> Response:
    auth = request.json(AuthBody).auth
    scope = _scope(auth.scope)
    match auth.identity:
        case _Identity(methods=["password" | "totp" as one, *rest]) if set(rest) <= {"password", "totp"} - {one}:
            proved = _by_factors(house, patience, request, auth.identity, scope)
            if isinstance(proved, Receipt):
                return _receipt(proved)
            grant = proved
        case _Identity(methods=["token"], token=_Token(id=token)):
            with _subject_is_no_caller():
                grant = tokens.by_token(house, token, scope)
        case _Identity(methods=["application_credential"], application_credential=_Credential() as given):
            if auth.scope is not None:
                raise Unauthenticated("identity", reason="credential_has_scope")
            owner = _who(given.user) if given.user is not None else Who()
            grant = tokens.by_credential(house, given.id, owner, given.name, given.secret)
        case _Identity(methods=["oauth1"]):
            grant = oauth1.by_access(house, signed_request(site, request))
        case _Identity(methods=methods):
            raise Invalid("identity", field="auth.identity.methods", reason="not_in_enum", value=",".join(methods))
    body = render(house, site, request, grant)
    return json_response({"token": body}, 201, [("X-Subject-Token", grant.token)])


def by_signature(house: House, site: Site, request: Request) -> Response:
    """Of a request that the calling service received. S3's gateways send no more than the text that was signed."""
    body = request.json(SignedBody)
    if body.ec2 is not None:
        grant = signed.by_ec2(house, request.call(), body.ec2)
    elif body.s3 is not None:
        grant = signed.by_s3(house, request.call(), body.s3.access, body.s3.token, body.s3.signature)
    else:
        raise Invalid("identity", field="credentials", reason="missing", name="credentials")
    shown = render(house, site, request, grant)
    return json_response({"token": shown}, 200, [("X-Subject-Token", grant.token)])


def _by_factors(house: House, patience: Patience, request: Request, given: _Identity, scope: Scope) -> Grant | Receipt:
    """Wrong ones make the next try of the same name from the same place wait: it is sent away until then."""
    password, code = _factor(given, "password", given.password), _factor(given, "totp", given.totp)
    named = password or code
    if named is None:
        raise Invalid("identity", field="auth.identity.methods", reason="missing", name="password")
    name = f"{named.domain.text if named.domain else ''}/{named.id or named.name}"
    wait_s = patience.left_s(name, request.client, request.now)
    if wait_s > 0:
        raise TooManyTries("identity", retry_after_s=math.ceil(wait_s))
    patience.wait_s(name, request.client, request.now)
    try:
        shown = factors.Given(
            password=factors.Password(who=_who(password), password=password.password) if password else None,
            code=factors.Code(who=_who(code), code=code.passcode) if code else None,
            receipt=request.header("openstack-auth-receipt") or "",
        )
        grant = factors.by_factors(house, shown, scope)
    except Unauthenticated as e:
        if e.facts.get("reason") == WRONG:
            patience.failed(name, request.client, request.now)
        raise
    patience.succeeded(name, request.client)
    return grant


def _receipt(receipt: Receipt) -> Response:
    """What was given is right, and more is asked for."""
    home = receipt.home
    told = {
        "methods": list(receipt.methods),
        "user": {"id": receipt.user.id, "name": receipt.user.name, "domain": {"id": home.id, "name": home.name}},
        "issued_at": micro(receipt.issued_at),
        "expires_at": micro(receipt.expires_at),
    }
    body = {"receipt": told, "required_auth_methods": receipt.rules}
    return json_response(body, 401, [("Openstack-Auth-Receipt", receipt.text)])


def _factor(given: _Identity, method: str, body: _Password | None) -> _User | None:
    if method not in given.methods:
        return None
    if body is None:
        raise Invalid("identity", field=f"auth.identity.{method}", reason="missing", name=method)
    return body.user


def show(house: House, site: Site, request: Request) -> Response:
    with _subject_is_no_caller():
        grant = tokens.tell(house, request.call(), _subject(request))
    body = render(house, site, request, grant, catalogued=request.arg("nocatalog") is None)
    return json_response({"token": body}, 200, [("X-Subject-Token", grant.token)])


def revoke(house: House, request: Request) -> Response:
    with _subject_is_no_caller():
        tokens.revoke(house, request.call(), _subject(request))
    return no_content()


@contextmanager
def _subject_is_no_caller() -> Iterator[None]:
    """The caller's own token is good, so the one that is asked about, if it is bad, is one that is not there."""
    try:
        yield
    except Unauthenticated as e:
        raise NotFound("identity", kind="token", id="") from e


def my_projects(house: House, request: Request) -> Response:
    return page(request, "projects", scopes.own_projects(house, request.call()), render_project)


def my_domains(house: House, request: Request) -> Response:
    return page(request, "domains", scopes.own_domains(house, request.call()), render_domain)


def my_system(house: House, request: Request) -> Response:
    held = [{"all": True}] if scopes.own_system(house, request.call()) else []
    return json_response({"system": held, "links": {"self": f"{request.base_url}/identity/v3/auth/system"}})


def my_catalog(house: House, site: Site, request: Request) -> Response:
    others = entered.others(house, request.call())
    told = beside(house, request.call().actor.project_id or "")
    return json_response({"catalog": narrowed(catalog(site, request, others), told.shown), "links": {"self": None}})


def _subject(request: Request) -> str:
    subject = request.header("x-subject-token")
    if not subject:
        raise Invalid("identity", field="X-Subject-Token", reason="missing", name="X-Subject-Token")
    return subject


def _who(user: _User | _Owner) -> Who:
    if user.id:
        return Who(user_id=user.id)
    if not user.name or user.domain is None:
        raise Invalid("identity", field="auth.identity.password.user", reason="missing", name="id")
    return Who(user_name=user.name, domain=user.domain.text)


def _scope(raw: Any) -> Scope:
    if raw is None:
        return Scope()
    if raw == "unscoped" or (isinstance(raw, dict) and "unscoped" in raw):
        return Scope(unscoped=True)
    try:
        body = msgspec.convert(raw, _ScopeBody)
    except msgspec.ValidationError as e:
        raise Invalid("identity", field="auth.scope", reason="format") from e
    if body.project is not None:
        domain = body.project.domain.text if body.project.domain else "default"
        return Scope(project_id=body.project.id, project_name=body.project.name, domain=domain)
    if body.trust is not None:
        return Scope(trust_id=body.trust.id)
    if body.system is not None:
        return Scope(system=True)
    if body.domain is not None and body.domain.text:
        return Scope(whole_domain=body.domain.text)
    raise Unauthenticated("identity", reason="wrong_credentials")


def render(house: House, site: Site, request: Request, grant: Grant, *, catalogued: bool = True) -> dict[str, Any]:
    told = beside(house, grant.project.id if grant.project is not None else "")
    body: dict[str, Any] = {
        "methods": list(grant.body.methods),
        "user": {
            "id": grant.user.id,
            "name": grant.user.name,
            "domain": _domain(grant, grant.user.domain_id),
            "password_expires_at": _when(grant.user.password_expires_at),
            **_vouched(grant),
        },
        "audit_ids": list(grant.body.audit_ids),
        "expires_at": micro(grant.body.expires_at),
        "issued_at": micro(grant.body.issued_at),
    }
    if grant.project is not None:
        body["project"] = {
            "id": grant.project.id,
            "name": grant.project.name,
            "domain": _domain(grant, grant.project.domain_id),
        }
        body["is_domain"] = False
    elif grant.domain is not None:
        body["domain"] = {"id": grant.domain.id, "name": grant.domain.name}
    elif grant.body.system:
        body["system"] = {"all": True}
    body |= _handed_on(grant)
    if grant.roles:
        body["roles"] = [{"id": shown_id(role.id), "name": role.name} for role in grant.roles]
        if catalogued:
            body["catalog"] = narrowed(catalog(site, request, told.others), told.shown)
    if told.providers:
        body["service_providers"] = [
            {"id": one.id, "auth_url": one.auth_url, "sp_url": one.sp_url} for one in told.providers
        ]
    return body


def _vouched(grant: Grant) -> dict[str, Any]:
    """By whom the user was brought."""
    if (by := grant.federated) is None:
        return {}
    groups = [{"id": group} for group in by.groups]
    told = {"identity_provider": {"id": by.provider_id}, "protocol": {"id": by.protocol}, "groups": groups}
    return {"OS-FEDERATION": told}


def _when(at: float | None) -> str | None:
    return bare(at) if at is not None else None


def _handed_on(grant: Grant) -> dict[str, Any]:
    """By which credential or trust its holder came by it."""
    body: dict[str, Any] = {}
    if (credential := grant.credential) is not None:
        told: dict[str, Any] = {"id": credential.id, "name": credential.name, "restricted": not credential.unrestricted}
        if grant.rules is not None:
            told["access_rules"] = [plain_rule(rule) for rule in grant.rules]
        body["application_credential"] = told
    if (trust := grant.trust) is not None:
        body["OS-TRUST:trust"] = {
            "id": trust.id,
            "impersonation": trust.impersonation,
            "trustor_user": {"id": trust.trustor_id},
            "trustee_user": {"id": trust.trustee_id},
        }
    if (access := grant.access) is not None:
        body["OS-OAUTH1"] = {"access_token_id": access.id, "consumer_id": access.consumer_id}
    return body


def _domain(grant: Grant, domain_id: str) -> dict[str, str]:
    return {"id": domain_id, "name": grant.homes[domain_id].name}
