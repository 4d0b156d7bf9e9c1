"""OAuth 1: a program is let act for a user, with some of its roles, until the user takes it back."""

import base64
import hmac
from hashlib import sha1
from itertools import count
from urllib.parse import parse_qsl, quote

import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity.tokens import Scope
from kumoi.core.ids import UserId

HOST = "http://localhost"
_nonces = count()


def escaped(text: str) -> str:
    return quote(text, safe="~")


class Program:
    """A consumer, which signs on its own."""

    def __init__(self, city: City, ask: Ask, key: str, secret: str) -> None:
        self.city, self.ask, self.key, self.secret = city, ask, key, secret

    def header(self, path: str, token: str = "", token_secret: str = "", **more: str) -> tuple[str, str]:
        said = {
            "oauth_consumer_key": self.key,
            "oauth_nonce": str(next(_nonces)),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self.city.cloud.clock.now())),
            **({"oauth_token": token} if token else {}),
            **{f"oauth_{name}": value for name, value in more.items()},
        }
        pairs = "&".join(f"{name}={escaped(value)}" for name, value in sorted(said.items()))
        text = f"POST&{escaped(HOST + path)}&{escaped(pairs)}"
        signature = hmac.digest(f"{self.secret}&{token_secret}".encode(), text.encode(), sha1)
        said["oauth_signature"] = base64.b64encode(signature).decode()
        return "authorization", "OAuth " + ", ".join(f'{n}="{escaped(v)}"' for n, v in said.items())

    def send(self, path: str, *headers: tuple[str, str], body: object = None) -> Answer:
        return self.ask("POST", path, "", body, *headers)

    def asks(self, project: str) -> dict[str, str]:
        path = "/identity/v3/OS-OAUTH1/request_token"
        header = self.header(path, callback="oob")
        return dict(parse_qsl(self.send(path, header, ("requested-project-id", project)).body.decode()))

    def opens(self, asked: dict[str, str], verifier: str) -> Answer:
        path = "/identity/v3/OS-OAUTH1/access_token"
        return self.send(path, self.header(path, asked["oauth_token"], asked["oauth_token_secret"], verifier=verifier))

    def enters(self, access: dict[str, str]) -> Answer:
        path = "/identity/v3/auth/tokens"
        header = self.header(path, access["oauth_token"], access["oauth_token_secret"])
        return self.send(path, header, body={"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}})


@pytest.fixture
def program(city: City, ask: Ask) -> Program:
    admin = city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token
    made = ask("POST", "/identity/v3/OS-OAUTH1/consumers", admin, {"consumer": {"description": "printer"}}).json()
    shown = ask("GET", f"/identity/v3/OS-OAUTH1/consumers/{made['consumer']['id']}", admin).json()["consumer"]
    assert shown["description"] == "printer"
    assert "secret" not in shown
    return Program(city, ask, made["consumer"]["id"], made["consumer"]["secret"])


@pytest.fixture
def demo(city: City) -> tuple[UserId, str]:
    grant = city.sign_in_as("demo", "d", Scope(project_id=city.cloud.project))
    return grant.user.id, grant.token


def let(ask: Ask, token: str, asked: dict[str, str], role: str) -> Answer:
    path = f"/identity/v3/OS-OAUTH1/authorize/{asked['oauth_token']}"
    return ask("PUT", path, token, {"roles": [{"name": role}]})


def test_a_program_acts_with_the_roles_it_was_let_until_they_are_taken_back(
    city: City, ask: Ask, program: Program, demo: tuple[UserId, str]
) -> None:
    user, token = demo
    asked = program.asks(city.cloud.project)
    assert program.opens(asked, "guessed").status == 401
    assert let(ask, token, asked, "admin").status == 400
    verifier = let(ask, token, asked, "reader").json()["token"]["oauth_verifier"]
    assert program.opens(asked, "guessed").status == 401
    access = dict(parse_qsl(program.opens(asked, verifier).body.decode()))
    assert program.opens(asked, verifier).status == 404

    entered = program.enters(access)
    body = entered.json()["token"]
    assert (body["user"]["id"], body["project"]["id"]) == (user, city.cloud.project)
    assert body["OS-OAUTH1"] == {"access_token_id": access["oauth_token"], "consumer_id": program.key}
    held = entered.header("X-Subject-Token") or ""
    assert city.roles(held) == ["reader"]

    base = f"/identity/v3/users/{user}/OS-OAUTH1/access_tokens"
    assert [one["id"] for one in ask("GET", base, token).json()["access_tokens"]] == [access["oauth_token"]]
    assert [r["name"] for r in ask("GET", f"{base}/{access['oauth_token']}/roles", token).json()["roles"]] == ["reader"]
    assert ask("DELETE", f"{base}/{access['oauth_token']}", held).status == 403
    assert ask("DELETE", f"{base}/{access['oauth_token']}", token).status == 204
    assert ask("GET", "/identity/v3/auth/projects", held).status == 401
    assert program.enters(access).status == 401


def test_what_it_was_let_hands_nothing_on(city: City, ask: Ask, program: Program, demo: tuple[UserId, str]) -> None:
    user, token = demo
    asked = program.asks(city.cloud.project)
    verifier = let(ask, token, asked, "member").json()["token"]["oauth_verifier"]
    access = dict(parse_qsl(program.opens(asked, verifier).body.decode()))
    held = program.enters(access).header("X-Subject-Token") or ""
    assert let(ask, held, program.asks(city.cloud.project), "member").status == 403
    wish = {"application_credential": {"name": "more"}}
    assert ask("POST", f"/identity/v3/users/{user}/application_credentials", held, wish).status == 403
    identity = {"methods": ["token"], "token": {"id": held}}
    assert ask("POST", "/identity/v3/auth/tokens", "", {"auth": {"identity": identity}}).status == 403


def test_a_signature_is_good_once_and_for_what_was_signed(city: City, program: Program) -> None:
    path = "/identity/v3/OS-OAUTH1/request_token"
    project = ("requested-project-id", city.cloud.project)
    header = program.header(path)
    assert program.send(path, header, project).status == 201
    assert program.send(path, header, project).status == 401
    assert program.send("/identity/v3/OS-OAUTH1/access_token", program.header(path), project).status != 201
    assert program.send(path, project).status == 401
    stranger = Program(city, program.ask, program.key, "wrong")
    assert stranger.send(path, stranger.header(path), project).status == 401


def test_with_a_consumer_goes_all_that_it_was_let(
    city: City, ask: Ask, program: Program, demo: tuple[UserId, str]
) -> None:
    asked = program.asks(city.cloud.project)
    verifier = let(ask, demo[1], asked, "member").json()["token"]["oauth_verifier"]
    access = dict(parse_qsl(program.opens(asked, verifier).body.decode()))
    held = program.enters(access).header("X-Subject-Token") or ""
    admin = city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token
    assert ask("DELETE", f"/identity/v3/OS-OAUTH1/consumers/{program.key}", admin).status == 204
    assert ask("GET", "/identity/v3/auth/projects", held).status == 401
