"""The first users' passwords, and the files by which clients find the cloud: clouds.yaml and shell exports."""

import os
import secrets
from pathlib import Path

import msgspec


class Passwords(msgspec.Struct, frozen=True, kw_only=True):
    admin: str
    demo: str


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """An access key of the AWS tongue."""

    access: str
    secret: str


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cloud answers, without trailing slashes, and the file with the CA that clients know it by; empty for
    one that everybody knows, or none."""

    url: str
    region: str
    ca: str = ""


def passwords(keys: Path) -> Passwords:
    """Random ones, made once and kept in `keys` (0600)."""
    path = keys / "first-passwords.json"
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Passwords)
    made = Passwords(admin=secrets.token_urlsafe(15), demo=secrets.token_urlsafe(15))
    _write(path, msgspec.json.encode(made))
    return made


def scrape_secret(keys: Path) -> str:
    """What Prometheus shows to be let in: made once and kept in `keys` (0600), as `credentials_file` wants it."""
    path = keys / "scrape"
    if path.exists():
        return path.read_text().strip()
    made = secrets.token_urlsafe(30)
    _write(path, made.encode())
    return made


def write_clients(state: Path, site: Site, chosen: Passwords, admin: Keys) -> None:
    """STATE/clouds.yaml with the clouds `kumoi` (admin in project demo), `kumoi-admin`, `kumoi-demo`, and STATE/env."""
    clouds = {
        "clouds": {
            "kumoi": _cloud(site, "admin", chosen.admin, "demo"),
            "kumoi-admin": _cloud(site, "admin", chosen.admin, "admin"),
            "kumoi-demo": _cloud(site, "demo", chosen.demo, "demo"),
        }
    }
    # JSON is YAML, and needs no quoting rules of our own.
    _write(state / "clouds.yaml", msgspec.json.format(msgspec.json.encode(clouds), indent=2) + b"\n")
    exports = {
        "OS_CLIENT_CONFIG_FILE": str(state / "clouds.yaml"),
        "OS_CLOUD": "kumoi",
        "AWS_ACCESS_KEY_ID": admin.access,
        "AWS_SECRET_ACCESS_KEY": admin.secret,
        "AWS_DEFAULT_REGION": site.region,
        "AWS_ENDPOINT_URL_EC2": f"{site.url}/ec2",
        "AWS_ENDPOINT_URL_STS": f"{site.url}/sts",
    }
    if site.ca:
        exports |= {"OS_CACERT": site.ca, "AWS_CA_BUNDLE": site.ca}
    text = "".join(f"export {name}='{value}'\n" for name, value in exports.items())
    _write(state / "env", text.encode())


def _cloud(site: Site, user: str, password: str, project: str) -> dict[str, object]:
    return {
        "auth": {
            "auth_url": f"{site.url}/identity/v3",
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        "region_name": site.region,
        "identity_api_version": "3",
        "interface": "public",
        **({"cacert": site.ca} if site.ca else {}),
    }


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
        f.write(data)
        os.fsync(f.fileno())
    fresh.replace(path)
