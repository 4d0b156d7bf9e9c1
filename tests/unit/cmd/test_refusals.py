"""What a person at a shell is told: a sentence, never a code where there is one."""

import pytest

from kumoi.cmd.refusals import sentence
from kumoi.core.errors import Forbidden, Invalid, KumoiError, NotFound, Taken, Unavailable


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            Unavailable("host", what="cloud", reason="no_such_state_folder", path="/x"),
            "host: There is no cloud in /x. Make one with kumoi up, or name another with --state DIR.",
        ),
        (
            NotFound("api", kind="thing", id="web"),
            "api: Nothing is called web: no name, id, EC2 id, address or device.",
        ),
        (
            Invalid("host", field="--state", reason="path_too_long", max=100),
            "host: The path in --state is too long: at most 100 characters fit a socket's address.",
        ),
        (
            Forbidden("host", action="state_folder", path="/x", owner="eve"),
            "host: /x belongs to eve. Call this as that user or as root, or use --state DIR.",
        ),
        (NotFound("host", kind="log", id="x", known=["a", "b"]), "host: There is no log of x; there are: a, b."),
        (
            Taken("host", kind="port", name="127.0.0.1:1"),
            "host: Port 127.0.0.1:1 is taken. Choose another with --port, or none: then the next free one is used.",
        ),
        (Invalid("api", reason="HTTP 400", detail="Bad flavor."), "api: Bad flavor."),
        (Unavailable("host", what="x", reason="never_heard_of"), "host: unavailable what=x reason=never_heard_of"),
        (Unavailable("host", reason="not_installed"), "host: unavailable reason=not_installed"),
    ],
)
def test_a_refusal_is_a_sentence(error: KumoiError, told: str) -> None:
    assert sentence(error) == told
