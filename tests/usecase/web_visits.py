"""What tests of pages do with a browser: read, send forms, look from another project."""

from urllib.parse import urlencode

from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.cloud import Cloud
from tests.usecase.test_web import Browser

from kumoi.app.identity import people
from kumoi.core.call import Actor, Call
from kumoi.core.ids import ProjectId
from kumoi.core.tenancy import Project

HTMX = ("hx-request", "true")


def read(browser: Browser, target: str, *more: tuple[str, str]) -> str:
    answer = browser.ask("GET", target, *more)
    assert answer.status == 200, (target, answer.status)
    return answer.body.decode()


def post(browser: Browser, path: str, /, **fields: str) -> Answer:
    """A form that htmx sends, with the page's token."""
    return browser.ask("POST", path, HTMX, ("x-csrf-token", browser.token()), body=urlencode(fields).encode())


def other_project(cloud: Cloud) -> Call:
    """A member of a project that the browser's user has nothing to do with."""
    made = people.create_project(cloud.house, cloud.call(admin=True), Project(id=ProjectId(""), account="", name="o"))
    actor = Actor(user_id="other", user_name="other", project_id=made.id, roles=frozenset({"member"}))
    return Call(actor=actor, request_id="req-other", now=cloud.clock.now())
