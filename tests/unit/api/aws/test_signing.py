"""Signatures made by botocore's own signers hold; anything changed afterwards makes them fail, each for its reason."""

from calendar import timegm
from collections.abc import Callable
from datetime import UTC, datetime
from time import strptime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from botocore.auth import (
    S3SigV4Auth,
    S3SigV4QueryAuth,
    SigV2Auth,
    SigV4Auth,
    SigV4QueryAuth,
)
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from kumoi.api.aws import sigv2, sigv4
from kumoi.api.aws.signing import Sent, Signed, Terms
from kumoi.core.errors import Unauthenticated

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CREDENTIALS = Credentials(KEY, SECRET)
URL = "http://cloud.example:5866/ec2/"
BODY = b"Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=a%20b"


def secret_of(access_key: str) -> str | None:
    return {KEY: SECRET}.get(access_key)


def sent_of(request: AWSRequest) -> Sent:
    """What uvicorn would hand over of a request that urllib3 has sent."""
    prepared = request.prepare()
    split = urlsplit(prepared.url)
    headers = {k.lower(): v for k, v in prepared.headers.items()}
    headers.setdefault("host", split.netloc)
    raw = [(k.encode(), v.encode() if isinstance(v, str) else v) for k, v in headers.items()]
    return Sent(
        method=prepared.method,
        raw_path=split.path.encode(),
        raw_query=split.query.encode(),
        headers=raw,
        body=prepared.body or b"",
    )


def terms(sent: Sent, service: str = "ec2", ahead_s: float = 0.0) -> Terms:
    """Good at the signature's own time, or some seconds after it."""
    stamps = [v.decode() for k, v in sent.headers if k == b"x-amz-date"]
    stamps += [v for k, v in parse_qsl(sent.raw_query.decode()) if k == "X-Amz-Date"]
    now = timegm(strptime(stamps[0], "%Y%m%dT%H%M%SZ"))
    return Terms(service=service, now=now + ahead_s, regions=frozenset({"RegionOne"}))


def by_header(**more: Any) -> Sent:
    request = AWSRequest(**({"method": "POST", "url": URL, "data": BODY} | more))
    SigV4Auth(CREDENTIALS, "ec2", "RegionOne").add_auth(request)
    return sent_of(request)


def presigned(**more: Any) -> Sent:
    url = URL + "?Action=DescribeInstances&Filter.1.Name=a%20b&Empty="
    request = AWSRequest(**({"method": "GET", "url": url} | more))
    SigV4QueryAuth(CREDENTIALS, "ec2", "RegionOne", expires=60).add_auth(request)
    return sent_of(request)


def verified(sent: Sent, **more: Any) -> Signed:
    signed = sigv4.verify(sent, terms(sent, **more), secret_of)
    assert signed is not None
    return signed


def refusal(work: Callable[[], object]) -> object:
    with pytest.raises(Unauthenticated) as caught:
        work()
    return caught.value.facts["reason"]


def changed(sent: Sent, **fields: Any) -> Sent:
    return msgspec.structs.replace(sent, **fields)


def with_header(sent: Sent, name: bytes, value: bytes) -> Sent:
    kept = [(k, v) for k, v in sent.headers if k != name]
    return changed(sent, headers=[*kept, (name, value)])


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://cloud.example:5866",
        "http://cloud.example/ec2/?b=2&a=1&a=0&c",
        "http://cloud.example/ec2//x/../y%20z/./",
        "http://cloud.example/ec2/~tilde-and_dots.?q=%E9%9B%B2",
        "https://cloud.example/",
    ],
)
def test_a_signed_request_holds(url: str) -> None:
    signed = verified(by_header(url=url))
    assert (signed.access_key, signed.payload) == (KEY, "whole")


def test_header_values_are_trimmed() -> None:
    assert verified(by_header(headers={"X-Amz-Target": "  a   b  "})).access_key == KEY


def test_the_date_header_does() -> None:
    sent = by_header(headers={"Date": "x"})
    date = next(v for k, v in sent.headers if k == b"date").decode()
    at = timegm(strptime(date, "%a, %d %b %Y %H:%M:%S %Z" if "GMT" in date else "%a, %d %b %Y %H:%M:%S -0000"))
    signed = sigv4.verify(sent, Terms(service="ec2", now=at), secret_of)
    assert signed is not None
    assert signed.signed_at == at


def test_a_presigned_address_holds_until_it_expires() -> None:
    sent = presigned()
    assert verified(sent, ahead_s=60).access_key == KEY
    assert refusal(lambda: verified(sent, ahead_s=61)) == "request_expired"
    assert refusal(lambda: verified(sent, ahead_s=-901)) == "request_expired"


@pytest.mark.parametrize("ahead_s", [901, -901])
def test_a_signature_holds_fifteen_minutes(ahead_s: float) -> None:
    sent = by_header()
    assert verified(sent, ahead_s=ahead_s / 901 * 900).access_key == KEY
    assert refusal(lambda: verified(sent, ahead_s=ahead_s)) == "request_expired"


def test_a_session_token_is_handed_on() -> None:
    request = AWSRequest(method="POST", url=URL, data=BODY)
    SigV4Auth(Credentials(KEY, SECRET, "token"), "ec2", "RegionOne").add_auth(request)
    assert verified(sent_of(request)).token == "token"


TAMPERED: list[tuple[str, Callable[[Sent], Sent], str]] = [
    ("method", lambda s: changed(s, method="GET"), "signature_mismatch"),
    ("path", lambda s: changed(s, raw_path=b"/sts/"), "signature_mismatch"),
    ("query", lambda s: changed(s, raw_query=b"a=1"), "signature_mismatch"),
    ("body", lambda s: changed(s, body=s.body + b"&x=1" if s.body else b"x"), "signature_mismatch"),
    ("host", lambda s: with_header(s, b"host", b"other"), "signature_mismatch"),
    ("time", lambda s: with_header(s, b"x-amz-date", s_time(s, -60)), "signature_mismatch"),
    ("time's form", lambda s: with_header(s, b"x-amz-date", b"yesterday"), "signature_malformed"),
    ("own header added", lambda s: with_header(s, b"x-amz-acl", b"x"), "headers_not_signed"),
    ("token added", lambda s: with_header(s, b"x-amz-security-token", b"x"), "headers_not_signed"),
    ("repeated", lambda s: changed(s, headers=s.headers * 2), "signature_malformed"),
    ("key", lambda s: authorized(s, "AKIDEXAMPLE", "AKIDOTHER"), "unknown_access_key"),
    ("region", lambda s: authorized(s, "RegionOne", "RegionTwo"), "wrong_scope"),
    ("service", lambda s: authorized(s, "/ec2/", "/sts/"), "wrong_scope"),
    ("names", lambda s: authorized(s, "host;", ""), "headers_not_signed"),
    ("more names", lambda s: authorized(s, "host;", "accept;host;"), "signature_mismatch"),
    ("no names", lambda s: authorized(s, "SignedHeaders=", "SignedHeaders"), "signature_malformed"),
    ("signature", lambda s: with_header(s, b"authorization", auth(s)[:-1] + b"g"), "signature_malformed"),
    ("cut", lambda s: with_header(s, b"authorization", auth(s)[:60]), "signature_malformed"),
]  # fmt: skip


def auth(sent: Sent) -> bytes:
    return next(v for k, v in sent.headers if k == b"authorization")


def authorized(sent: Sent, old: str, new: str) -> Sent:
    return with_header(sent, b"authorization", auth(sent).replace(old.encode(), new.encode()))


def s_time(sent: Sent, ahead_s: int) -> bytes:
    return f"{datetime.fromtimestamp(terms(sent).now + ahead_s, UTC):%Y%m%dT%H%M%SZ}".encode()


@pytest.mark.parametrize(("change", "reason"), [t[1:] for t in TAMPERED], ids=[t[0] for t in TAMPERED])
def test_what_was_changed_does_not_hold(change: Callable[[Sent], Sent], reason: str) -> None:
    sent = by_header()
    now = terms(sent)
    assert refusal(lambda: sigv4.verify(change(sent), now, secret_of)) == reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Filter.1.Name=a", b"Filter.1.Name=b", "signature_mismatch"),
        (b"X-Amz-Expires=60", b"X-Amz-Expires=600", "signature_mismatch"),
        (b"X-Amz-Expires=60", b"X-Amz-Expires=604801", "signature_malformed"),
        (b"X-Amz-Expires=60", b"X-Amz-Expires=-1", "signature_malformed"),
        (b"&X-Amz-Expires=60", b"", "signature_malformed"),
        (b"X-Amz-Expires=60", b"X-Amz-Expires=60&X-Amz-Expires=60", "signature_malformed"),
        (b"X-Amz-Algorithm=AWS4-HMAC-SHA256", b"X-Amz-Algorithm=none", "signature_malformed"),
    ],
)
def test_a_changed_address_does_not_hold(old: bytes, new: bytes, reason: str) -> None:
    sent = presigned()
    assert old in sent.raw_query
    now = terms(sent)
    other = changed(sent, raw_query=sent.raw_query.replace(old, new))
    assert refusal(lambda: sigv4.verify(other, now, secret_of)) == reason


def test_both_ways_at_once_are_refused() -> None:
    one, other = by_header(), presigned()
    both = changed(other, headers=one.headers)
    assert refusal(lambda: sigv4.verify(both, terms(one), secret_of)) == "signature_malformed"


def test_no_signature_is_none() -> None:
    bare = Sent(method="GET", raw_path=b"/", raw_query=b"", headers=[], body=b"")
    assert sigv4.verify(bare, Terms(service="ec2", now=0.0), secret_of) is None
    basic = changed(bare, headers=[(b"authorization", b"Basic x")])
    assert sigv4.verify(basic, Terms(service="ec2", now=0.0), secret_of) is None


def s3_put(headers: dict[str, str] | None = None, body: bytes = b"hello") -> Sent:
    url = "http://cloud.example:5867/bucket/a%20b//../%E9%9B%B2%2B~c"
    request = AWSRequest(method="PUT", url=url, data=body, headers=headers or {})
    S3SigV4Auth(CREDENTIALS, "s3", "RegionOne").add_auth(request)
    return sent_of(request)


def test_s3_signs_the_path_as_it_stands() -> None:
    sent = s3_put()
    assert verified(sent, service="s3").payload == "whole"
    streamed = verified(changed(sent, body=None), service="s3")
    assert streamed.payload == "by_hash"
    assert streamed.payload_sha256 is not None
    other = changed(sent, body=b"other")
    assert refusal(lambda: verified(other, service="s3")) == "payload_mismatch"


def test_s3_may_leave_the_payload_unsigned_and_nobody_else() -> None:
    url = "http://cloud.example:5867/bucket/key?x=1"
    request = AWSRequest(method="GET", url=url)
    S3SigV4QueryAuth(CREDENTIALS, "s3", "RegionOne", expires=60).add_auth(request)
    sent = sent_of(request)
    assert verified(changed(sent, body=None), service="s3").payload == "unsigned"
    request = AWSRequest(method="POST", url=URL, data=BODY)
    request.context["payload_signing_enabled"] = False
    request.url = URL.replace("http:", "https:")
    SigV4Auth(CREDENTIALS, "ec2", "RegionOne").add_auth(request)
    assert refusal(lambda: verified(sent_of(request))) == "signature_malformed"


def sent_v2(method: str, moved: dict[str, str] | None = None) -> tuple[Sent, list[tuple[str, str]]]:
    params = {"Action": "DescribeInstances", "Version": "2010-08-31", "A.10": "é/~ *", "A.9": ""}
    request = AWSRequest(method=method, url=URL)
    if method == "POST":
        request.data = params
    else:
        request.params = params
    SigV2Auth(CREDENTIALS).add_auth(request)
    fields = dict(params) | (moved or {})
    sent = Sent(
        method=method,
        raw_path=b"/ec2/",
        raw_query=b"",
        headers=[(b"host", b"cloud.example:5866")],
        body=b"",
    )
    return sent, list(fields.items())


def v2_now(fields: list[tuple[str, str]]) -> float:
    return datetime.fromisoformat(dict(fields)["Timestamp"]).timestamp()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_version_two_holds(method: str) -> None:
    sent, fields = sent_v2(method)
    signed = sigv2.verify(sent, fields, v2_now(fields), secret_of)
    assert signed is not None
    assert signed.access_key == KEY


@pytest.mark.parametrize(
    ("moved", "reason"),
    [
        ({"Action": "TerminateInstances"}, "signature_mismatch"),
        ({"Extra": "1"}, "signature_mismatch"),
        ({"AWSAccessKeyId": "AKIDOTHER"}, "unknown_access_key"),
        ({"SignatureMethod": "HmacSHA1"}, "signature_malformed"),
        ({"SignatureVersion": "1"}, "signature_malformed"),
        ({"Signature": "é"}, "signature_mismatch"),
        ({"Signature": ""}, "signature_malformed"),
        ({"Timestamp": "soon"}, "signature_malformed"),
        ({"Expires": "2026-01-01T00:00:00Z"}, "signature_malformed"),
    ],
)
def test_version_two_changed_does_not_hold(moved: dict[str, str], reason: str) -> None:
    sent, fields = sent_v2("GET")
    now = v2_now(fields)
    other = list((dict(fields) | moved).items())
    assert refusal(lambda: sigv2.verify(sent, other, now, secret_of)) == reason


def test_version_two_ends_and_takes_nothing_twice() -> None:
    sent, fields = sent_v2("GET")
    late = v2_now(fields) + 901
    assert refusal(lambda: sigv2.verify(sent, fields, late, secret_of)) == "request_expired"
    twice = [*fields, ("Action", "DescribeInstances")]
    assert refusal(lambda: sigv2.verify(sent, twice, late, secret_of)) == "signature_malformed"
    assert sigv2.verify(sent, [("Action", "x")], late, secret_of) is None


@given(
    authorization=st.binary(max_size=200) | st.text(max_size=80).map(lambda t: f"AWS4-HMAC-SHA256 {t}".encode()),
    query=st.binary(max_size=100) | st.just(b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=%FF"),
    stamp=st.binary(max_size=20) | st.just(b"20261399T999999Z"),
)
def test_anything_is_refused_by_type(authorization: bytes, query: bytes, stamp: bytes) -> None:
    headers = [(b"authorization", authorization), (b"x-amz-date", stamp), (b"host", b"h")]
    sent = Sent(method="GET", raw_path=b"/", raw_query=query, headers=headers, body=b"")
    try:
        assert sigv4.verify(sent, Terms(service="ec2", now=0.0), secret_of) is None
    except Unauthenticated:
        return


@given(st.dictionaries(st.sampled_from(["Timestamp", "Expires", "Signature", "SignatureMethod"]), st.text(max_size=30)))
def test_any_fields_are_refused_by_type(more: dict[str, str]) -> None:
    fields = {"AWSAccessKeyId": KEY, "SignatureVersion": "2", "SignatureMethod": "HmacSHA256", "Signature": "x"} | more
    sent = Sent(method="GET", raw_path=b"/", raw_query=b"", headers=[], body=b"")
    with pytest.raises(Unauthenticated):
        sigv2.verify(sent, list(fields.items()), 0.0, secret_of)
