"""The certificate that the public listener shows: of a CA of the cloud's own, or given by somebody.

    FOLDER/ca.pem, ca.key                    the cloud's own CA, made once
    FOLDER/own.pem, own.key                  what it vouches for, made anew before it ends and when names change
    FOLDER/given.pem, given.key              somebody else's, as `up` was given it

What does not belong here: who listens, and how often this is looked at.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kumoi.core.errors import Invalid

_CA_LASTS: Final = timedelta(days=3650)
_LASTS: Final = timedelta(days=397)  # what clients take at most of a public CA; ours is held to the same
_RENEWED_BEFORE: Final = timedelta(days=60)
_SKEW: Final = timedelta(hours=1)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of a certificate (with its chain) and its key."""

    certificate: Path
    key: Path


def own(folder: Path, names: Iterable[str], now: float) -> Shown:
    """Good for `names` (host names and addresses) for some time to come; made where there is none such."""
    shown = Shown(certificate=folder / "own.pem", key=folder / "own.key")
    wanted = frozenset(names)
    at = datetime.fromtimestamp(now, UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca, ca_key = _authority(folder, at)
    if not _serves(shown.certificate, wanted, ca, at):
        key = ec.generate_private_key(ec.SECP256R1())
        _write(shown.key, _pem(key))
        _write(shown.certificate, _leaf(key, wanted, ca, ca_key, at).public_bytes(serialization.Encoding.PEM))
    return shown


def given(folder: Path) -> Shown:
    return Shown(certificate=folder / "given.pem", key=folder / "given.key")


def check(certificate: bytes, key: bytes, now: float) -> None:
    """Raises Invalid: not_a_certificate, not_a_key, not_its_key, expired."""
    try:
        first = x509.load_pem_x509_certificate(certificate)
    except ValueError as e:
        raise Invalid("host", field="--tls-certificate", reason="not_a_certificate") from e
    try:
        found: PrivateKeyTypes = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:  # TypeError: it has a password
        raise Invalid("host", field="--tls-key", reason="not_a_key") from e
    if _public(found.public_key()) != _public(first.public_key()):
        raise Invalid("host", field="--tls-key", reason="not_its_key")
    if first.not_valid_after_utc.timestamp() <= now:
        at = first.not_valid_after_utc.date().isoformat()
        raise Invalid("host", field="--tls-certificate", reason="expired", value=at)


def keep(folder: Path, certificate: bytes, key: bytes) -> None:
    """As the given one from now on."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = given(folder)
    _write(place.key, key)
    _write(place.certificate, certificate)


def names_of(certificate: Path) -> list[str]:
    """Host names and addresses that it is good for, as it lists them."""
    first = x509.load_pem_x509_certificate(certificate.read_bytes())
    try:
        names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate, secret = folder / "ca.pem", folder / "ca.key"
    if certificate.exists():
        key = serialization.load_pem_private_key(secret.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(certificate.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Kumoi {now:%Y-%m-%d} {os.urandom(4).hex()}")])
    made = (
        _builder(name, name, key.public_key(), now, _CA_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(secret, _pem(key))
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return made, key


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    names: frozenset[str],
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    issuer = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kumoi")])
    return (
        _builder(subject, ca.subject, key.public_key(), now, _LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in sorted(names)]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _serves(certificate: Path, names: frozenset[str], ca: x509.Certificate, now: datetime) -> bool:
    if not certificate.exists():
        return False
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    fresh = found.not_valid_after_utc - now > _RENEWED_BEFORE
    return fresh and found.issuer == ca.subject and frozenset(names_of(certificate)) == names


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


def _public(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, form)  # type: ignore[attr-defined]
    return encoded


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    fresh.replace(path)
