"""Core's refusals in AWS's codes."""

import pytest

from kumoi.api.aws.errors import BY_TYPE, Answer, answer_to
from kumoi.api.edge.errors import STATUS, Internal
from kumoi.core import errors
from kumoi.core.errors import KumoiError


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (errors.NotFound(kind="instance", id="i-1"), ("InvalidInstanceID.NotFound", 400)),
        (errors.NotFound(kind="odd", id="1"), ("InvalidParameterValue", 400)),
        (errors.Invalid(field="id", reason="malformed_id", kind="instance"), ("InvalidInstanceID.Malformed", 400)),
        (errors.Invalid(field="id", reason="malformed_id", kind="security_group"), ("InvalidGroupId.Malformed", 400)),
        (errors.Invalid(field="MinCount", reason="missing"), ("MissingParameter", 400)),
        (errors.Invalid(field="x", reason="anything"), ("InvalidParameterValue", 400)),
        (errors.Taken(kind="keypair", name="k"), ("InvalidKeyPair.Duplicate", 400)),
        (errors.QuotaExceeded(resource="instances"), ("InstanceLimitExceeded", 400)),
        (errors.WrongState(kind="instance"), ("IncorrectInstanceState", 400)),
        (errors.Unauthenticated(reason="signature_mismatch"), ("SignatureDoesNotMatch", 403)),
        (errors.Unauthenticated(reason="unknown_access_key"), ("AuthFailure", 401)),
        (errors.Unauthenticated(reason="other"), ("AuthFailure", 401)),
        (errors.Unsupported(what="CreateVpn"), ("UnsupportedOperation", 400)),
        (Internal(request_id="r"), ("InternalError", 500)),
    ],
)  # fmt: skip
def test_ec2(error: KumoiError, answer: Answer) -> None:
    assert answer_to(error, "ec2") == answer


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (errors.Unauthenticated(reason="unknown_access_key"), ("InvalidClientTokenId", 403)),
        (errors.Forbidden(action="x"), ("AccessDenied", 403)),
        (Internal(request_id="r"), ("InternalFailure", 500)),
        (errors.TooLarge(what="body"), ("RequestEntityTooLarge", 413)),
    ],
)
def test_query(error: KumoiError, answer: Answer) -> None:
    assert answer_to(error, "query") == answer


def test_every_refusal_has_a_code() -> None:
    special = {errors.Invalid, errors.NotFound, errors.Taken, errors.QuotaExceeded, errors.Unauthenticated}
    assert STATUS.keys() - BY_TYPE.keys() == special
