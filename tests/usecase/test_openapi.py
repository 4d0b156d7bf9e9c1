"""The OpenAPI documents that are served: valid, and about every route that there is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.usecase.test_web import Browser

NAMES = ("identity", "image", "compute", "network", "volume", "placement", "operator")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        yield made
        made.close()


def read(cloud: Browser, path: str) -> Any:
    answer = cloud.ask("GET", path)
    assert answer.status == 200, answer.body
    return answer.json()


def test_each_service_has_a_document_that_is_valid(cloud: Browser) -> None:
    assert tuple(read(cloud, "/openapi")["documents"]) == NAMES
    for name in NAMES:
        OpenAPIV31SpecValidator(read(cloud, f"/openapi/{name}")).validate()
    assert cloud.ask("GET", "/openapi/web").status == 404


def test_a_document_tells_every_route_its_body_and_its_version(cloud: Browser) -> None:
    told = {(name, path, method) for name in NAMES for path, method in operations(read(cloud, f"/openapi/{name}"))}
    served = {
        (tongue.name, route.path.replace("*}", "}"), route.method.lower())
        for tongue, route in cloud.app.router
        if tongue.name in NAMES and route.method not in {"COPY", "WEBSOCKET"}
    }
    assert told == served
    shown = read(cloud, "/openapi/placement")
    operation = shown["paths"]["/resource_providers/{id}/traits"]["put"]
    assert (operation["x-action"], operation["x-min-version"]) == (["provider.update"], "1.6")
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    body = shown["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert body["required"] == ["resource_provider_generation", "traits"]


def operations(document: Any) -> list[tuple[str, str]]:
    return [(path, method) for path, methods in document["paths"].items() for method in methods]
