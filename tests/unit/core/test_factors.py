"""One-time codes by RFC 6238's own examples, and rules of methods."""

import base64

import pytest

from kumoi.core.factors import code_at, lets_in, secret_of, step_of, step_of_code
from kumoi.core.tenancy import UserOptions

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    assert code_at(SECRET, step_of(now)) == code


def test_a_code_is_good_for_its_time_and_the_one_after() -> None:
    code = code_at(SECRET, step_of(600.0))
    assert step_of_code(SECRET, code, 629.0) == step_of_code(SECRET, code, 659.0) == step_of(600.0)
    assert step_of_code(SECRET, code, 599.0) is None
    assert step_of_code(SECRET, code, 660.0) is None
    assert step_of_code(SECRET, "", 600.0) is None


def test_secrets_are_base32_however_they_are_written() -> None:
    text = base64.b32encode(SECRET).decode()
    assert secret_of(text) == secret_of(text.lower().rstrip("=")) == SECRET
    assert secret_of("!") is None
    assert secret_of("") is None


def test_a_users_rules_say_which_methods_are_enough() -> None:
    both = UserOptions(multi_factor_auth_enabled=True, multi_factor_auth_rules=(("password", "totp"), ("token",)))
    assert not lets_in(both, ["password"])
    assert lets_in(both, ["totp", "password"])
    assert lets_in(both, ["token"])
    assert lets_in(UserOptions(multi_factor_auth_rules=(("totp",),)), ["password"])
    assert lets_in(UserOptions(multi_factor_auth_enabled=True, multi_factor_auth_rules=((),)), ["password"])
