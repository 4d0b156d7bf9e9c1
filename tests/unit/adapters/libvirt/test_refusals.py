"""libvirt's errors as ours: which mean a lost daemon, which a machine that cannot be, which a busy one."""

import libvirt
import pytest

from kumoi.adapters.libvirt.refusals import refusal, translated
from kumoi.core.errors import Unavailable, Unsupported


def libvirts(code: int, domain: int = libvirt.VIR_FROM_QEMU) -> libvirt.libvirtError:
    error = libvirt.libvirtError("said")
    error.err = (code, domain, "in its own words", 2, "", "", "", 0, 0)
    return error


@pytest.mark.parametrize(
    ("code", "domain", "what"),
    [
        (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_RPC, "libvirtd"),
        (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_RPC, "libvirtd"),
        (libvirt.VIR_ERR_INVALID_CONN, libvirt.VIR_FROM_NONE, "libvirtd"),
        (libvirt.VIR_ERR_OPERATION_TIMEOUT, libvirt.VIR_FROM_QEMU, "machine_busy"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_QEMU, "machine"),
    ],
)
def test_what_does_not_answer_now(code: int, domain: int, what: str) -> None:
    error = refusal(libvirts(code, domain), "start")
    assert isinstance(error, Unavailable)
    assert (error.layer, error.facts["what"], error.facts["action"]) == ("compute", what, "start")
    assert error.facts["detail"] == "in its own words"


def test_what_this_host_cannot_do() -> None:
    assert isinstance(refusal(libvirts(libvirt.VIR_ERR_CONFIG_UNSUPPORTED), "define"), Unsupported)


def test_an_error_without_a_code_is_the_connections() -> None:
    assert refusal(libvirt.libvirtError("nothing known"), "open").facts["what"] == "libvirtd"


def test_a_record_that_cannot_be_written_is_no_ones_crash() -> None:
    with pytest.raises(Unavailable) as failed, translated("start"):
        raise OSError(28, "No space left on device")
    assert failed.value.facts["what"] == "host_files"
