"""OAuth 1's signatures, by the examples of RFC 5849 (1.2, 3.4.1) and what must not hold."""

from msgspec.structs import replace

from kumoi.core.oauth1 import Signed, base_string, holds, parsed

HEADER = (
    'OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", '
    'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", '
    'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"'
)
PHOTO = Signed(
    method="GET",
    urls=("http://photos.example.net/photos",),
    params=(("file", "vacation.jpg"), ("size", "original")),
    oauth=parsed(HEADER),
)
TOKEN = Signed(
    method="POST",
    urls=("https://elsewhere.example.net/token", "https://PHOTOS.example.net:443/token"),
    params=(),
    oauth={
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "hh5s93j4hdidpola",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "walatlh",
        "oauth_verifier": "hfdp7dh39dks9884",
        "oauth_signature": "gKgrFCywp7rO0OXSjdot/IHF7IU=",
    },
)
NOW = 137131200.0


def test_the_examples_of_the_rfc_hold() -> None:
    assert holds(TOKEN, "kd94hf93k423kf44", "hdhd0244k9j7ao03", NOW)
    assert holds(PHOTO, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", NOW)


def test_what_was_signed_is_ordered_and_escaped_twice() -> None:
    asked = Signed(
        method="post",
        urls=(),
        params=(("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("c2", ""), ("a3", "2 q")),
        oauth={
            "oauth_consumer_key": "9djdj82h48djs9d2",
            "oauth_token": "kkk9d7dh3k39sjv7",
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": "137131201",
            "oauth_nonce": "7d8f3e4a",
            "oauth_signature": "anything",
        },
    )
    assert base_string(asked, "http://EXAMPLE.com:80/request") == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_nothing_else_holds() -> None:
    secrets = ("kd94hf93k423kf44", "hdhd0244k9j7ao03")
    assert not holds(TOKEN, "kd94hf93k423kf44", "another", NOW)
    assert not holds(replace(TOKEN, method="GET"), *secrets, NOW)
    assert not holds(replace(TOKEN, urls=("https://elsewhere.example.net/token",)), *secrets, NOW)
    assert not holds(replace(TOKEN, params=(("more", "1"),)), *secrets, NOW)
    assert not holds(TOKEN, *secrets, NOW + 3600)
    assert not holds(TOKEN, *secrets, NOW - 3600)
    for name, value in (("signature_method", "PLAINTEXT"), ("version", "2.0"), ("timestamp", "soon"), ("nonce", "")):
        assert not holds(replace(TOKEN, oauth={**TOKEN.oauth, f"oauth_{name}": value}), *secrets, NOW)


def test_another_scheme_says_nothing() -> None:
    assert parsed("Bearer abc") == {}
    assert parsed("") == {}
