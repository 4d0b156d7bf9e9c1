"""keystoneauth's OpenID plugins, unmodified: whoever a provider vouches for works in the project of a mapping."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from keystoneauth1.exceptions import Unauthorized
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from tests.conformance.conftest import SimulatedCloud
from tests.usecase.identity.provider import CLIENT, SECRET, Provider, provider

pytestmark = [pytest.mark.filterwarnings("ignore")]
RULES = [
    {
        "local": [{"user": {"name": "{0}"}}, {"projects": [{"name": "lab", "roles": [{"name": "member"}]}]}],
        "remote": [{"type": "preferred_username"}],
    }
]


def auth_url(cloud: SimulatedCloud) -> str:
    told: str = cloud.connect().config.get_auth_args()["auth_url"]
    return told if told.rstrip("/").endswith("/v3") else f"{told}/v3"


@pytest.fixture(scope="module")
def corp(cloud: SimulatedCloud) -> Iterator[Provider]:
    with provider(time.time) as made:
        admin, url = cloud.connect("kumoi-admin").session, auth_url(cloud)
        for path, body in (
            ("identity_providers/corp", {"identity_provider": {"enabled": True, "remote_ids": [made.issuer]}}),
            ("mappings/corp", {"mapping": {"rules": RULES}}),
            (
                "identity_providers/corp/protocols/openid",
                {"protocol": {"mapping_id": "corp", "client_id": CLIENT, "client_secret": SECRET}},
            ),
        ):
            admin.put(f"{url}/OS-FEDERATION/{path}", json=body)
        yield made


def plugins(cloud: SimulatedCloud, corp: Provider) -> Iterator[Any]:
    where: dict[str, Any] = {
        "auth_url": auth_url(cloud),
        "identity_provider": "corp",
        "protocol": "openid",
        "project_name": "lab",
        "project_domain_name": "idp-corp",
    }
    yield v3.OidcAccessToken(access_token=corp.token(), **where)
    where |= {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "discovery_endpoint": f"{corp.issuer}/.well-known/openid-configuration",
    }
    yield v3.OidcPassword(username="hanako", password="any", **where)
    yield v3.OidcClientCredentials(**where)
    place = corp.answer("GET", "/authorize?redirect_uri=http://app.example&state=s", "", "")[1]
    code = place.partition("code=")[2].partition("&")[0]
    yield v3.OidcAuthorizationCode(redirect_uri="http://app.example", code=code, **where)


def test_every_plugin_lets_in(cloud: SimulatedCloud, corp: Provider) -> None:
    for plugin in plugins(cloud, corp):
        access = plugin.get_access(Session(plugin))
        assert (access.username, access.project_name) == ("hanako", "lab")
        assert access.is_federated
        assert "member" in access.role_names


def test_a_token_for_another_program_is_refused_with_why(cloud: SimulatedCloud, corp: Provider) -> None:
    plugin = v3.OidcAccessToken(
        auth_url=auth_url(cloud),
        identity_provider="corp",
        protocol="openid",
        access_token=corp.token(aud="another-program"),
    )
    with pytest.raises(Unauthorized, match="another-program"):
        plugin.get_access(Session(plugin))
