"""802.1Q for kernels without it: two small programs for cls_bpf, and the tables that they look into.

One pushes the tag that its device stands for and sends the frame out by the trunk; the other, at the trunk, takes the
tag off and hands the frame to the device that stands for it. A frame whose tag nobody wants goes on as it came.

Loading needs root of the machine (bpf(2)); attaching them and writing the tables needs only their descriptors, so the
supervisor's caller loads them and a cloud in a user namespace makes use of them. What does not belong here: devices
(`tags`).
"""

import ctypes
import os
import struct
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

_SYSCALL: Final = {"x86_64": 321, "aarch64": 280}
_MAP_CREATE, _LOOKUP, _UPDATE, _DELETE, _LOAD = 0, 1, 2, 3, 5
_HASH, _SCHED_CLS = 1, 3
_MOST: Final = 4096
_LICENCE: Final = b"Apache-2.0"
_LOG_BYTES: Final = 1 << 16
_ATTRIBUTES: Final = 128
OPTION: Final = "--vlan-programs"
_NAMES: Final = ("push", "pop", "pushes", "pops")
# Offsets in struct __sk_buff.
_VLAN_PRESENT, _VLAN_TCI, _IFINDEX = 20, 24, 40
_TPID: Final = 0x0081  # 802.1Q in network order
_ID_MASK: Final = 0xFFF
# Helpers of the kernel, by number.
_MAP_LOOKUP, _VLAN_PUSH, _VLAN_POP, _REDIRECT = 1, 18, 19, 23
# Instructions.
_MOV, _MOVE, _LOAD_WORD, _STORE_WORD, _ADD, _AND = 0xB7, 0xBF, 0x61, 0x63, 0x07, 0x57
_IF_EQUAL, _IF_NOT, _CALL, _EXIT, _MAP_OF = 0x15, 0x55, 0x85, 0x95, 0x18
_GO_ON: Final = -1  # TC_ACT_UNSPEC

_libc: Final = ctypes.CDLL(None, use_errno=True)


class Programs(msgspec.Struct, frozen=True, kw_only=True):
    """Descriptors: the programs, and the tables `pushes` (device → VLAN, trunk) and `pops` (trunk, VLAN → device)."""

    push: int
    pop: int
    pushes: int
    pops: int

    def descriptors(self) -> dict[str, int]:
        return {f"vlan-{name}": getattr(self, name) for name in _NAMES}

    def join(self, device: int, trunk: int, vlan: int) -> None:
        """From now on the device (an index) stands for this VLAN of the trunk."""
        _write(self.pushes, struct.pack("=I", device), struct.pack("=II", vlan, trunk))
        _write(self.pops, struct.pack("=II", trunk, vlan), struct.pack("=I", device))

    def part(self, device: int) -> None:
        """It stands for nothing any more; a VLAN that another one has taken over stays with that."""
        own = struct.pack("=I", device)
        found = _read(self.pushes, own, 8)
        if found is None:
            return
        vlan, trunk = struct.unpack("=II", found)
        place = struct.pack("=II", trunk, vlan)
        if _read(self.pops, place, 4) == own:
            _forget(self.pops, place)
        _forget(self.pushes, own)


def words(programs: Programs | None) -> tuple[str, ...]:
    """A command's words that name them to a child which inherits them."""
    return (OPTION, ",".join(map(str, programs.descriptors().values()))) if programs else ()


def in_words(argv: Sequence[str]) -> Programs | None:
    if OPTION not in argv:
        return None
    numbers = map(int, argv[argv.index(OPTION) + 1].split(","))
    found = Programs(**dict(zip(_NAMES, numbers, strict=True)))
    for fd in found.descriptors().values():
        os.set_inheritable(fd, False)
    return found


def given(descriptors: Mapping[str, int]) -> Programs | None:
    """Those among descriptors that this process was started with."""
    found = {name: descriptors[f"vlan-{name}"] for name in _NAMES if f"vlan-{name}" in descriptors}
    return Programs(**found) if len(found) == len(_NAMES) else None


def for_others() -> Programs | None:
    """Loaded, as root, to be handed on; None where this process may not, or the kernel has nothing of the kind."""
    try:
        made = load() if os.geteuid() == 0 else None
    except OSError:
        return None
    for fd in made.descriptors().values() if made else ():
        os.set_inheritable(fd, True)
    return made


def among(names: Sequence[str]) -> tuple[str, ...]:
    """Those of these descriptors' names that are ours."""
    return tuple(name for name in names if name.startswith("vlan-"))


def load() -> Programs:
    """Raises OSError where the kernel has no such thing, or does not let this process."""
    pushes = _bpf(_MAP_CREATE, struct.pack("=IIIII", _HASH, 4, 8, _MOST, 0))
    pops = _bpf(_MAP_CREATE, struct.pack("=IIIII", _HASH, 8, 4, _MOST, 0))
    return Programs(push=_load(_push(pushes)), pop=_load(_pop(pops)), pushes=pushes, pops=pops)


def _push(pushes: int) -> bytes:
    return b"".join((
        _i(_MOVE, 6, 1),
        _i(_LOAD_WORD, 2, 6, _IFINDEX), _i(_STORE_WORD, 10, 2, -4), _i(_MOVE, 2, 10), _i(_ADD, 2, value=-4),
        *_looked_up(pushes),
        _i(_LOAD_WORD, 3, 0, 0), _i(_LOAD_WORD, 7, 0, 4),
        _i(_MOVE, 1, 6), _i(_MOV, 2, value=_TPID), _i(_CALL, value=_VLAN_PUSH),
        *_sent_to_7(),
    ))  # fmt: skip


def _pop(pops: int) -> bytes:
    return b"".join((
        _i(_MOVE, 6, 1),
        _i(_LOAD_WORD, 2, 6, _VLAN_PRESENT), _i(_IF_EQUAL, 2, jump=11, value=0),  # to where it goes on
        _i(_LOAD_WORD, 2, 6, _VLAN_TCI), _i(_AND, 2, value=_ID_MASK), _i(_STORE_WORD, 10, 2, -4),
        _i(_LOAD_WORD, 2, 6, _IFINDEX), _i(_STORE_WORD, 10, 2, -8), _i(_MOVE, 2, 10), _i(_ADD, 2, value=-8),
        *_looked_up(pops),
        _i(_LOAD_WORD, 7, 0, 0),
        _i(_MOVE, 1, 6), _i(_CALL, value=_VLAN_POP),
        *_sent_to_7(),
    ))  # fmt: skip


def _looked_up(table: int) -> tuple[bytes, ...]:
    """Register 0 points at what the table has for the key at register 2; where it has nothing the frame goes on."""
    return (
        _i(_MAP_OF, 1, 1, value=table), _i(0), _i(_CALL, value=_MAP_LOOKUP),
        _i(_IF_NOT, 0, jump=2, value=0), _i(_MOV, 0, value=_GO_ON), _i(_EXIT),
    )  # fmt: skip


def _sent_to_7() -> tuple[bytes, ...]:
    """Out by the device whose index is in register 7."""
    return _i(_MOVE, 1, 7), _i(_MOV, 2, value=0), _i(_CALL, value=_REDIRECT), _i(_EXIT)


def _i(code: int, to: int = 0, of: int = 0, jump: int = 0, value: int = 0) -> bytes:
    """One instruction; `jump` is also an offset in memory."""
    return struct.pack("=BBhi", code, to | of << 4, jump, value)


def _load(code: bytes) -> int:
    body, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(_LICENCE)
    log = ctypes.create_string_buffer(_LOG_BYTES)
    where = ctypes.addressof(body), ctypes.addressof(licence), 1, _LOG_BYTES, ctypes.addressof(log)
    try:
        return _bpf(_LOAD, struct.pack("=IIQQIIQI", _SCHED_CLS, len(code) // 8, *where, 0))
    except OSError as e:
        said = log.value.decode(errors="replace").strip()
        raise OSError(e.errno, f"{e.strerror}: {said}" if said else e.strerror) from e


def _write(table: int, key: bytes, value: bytes) -> None:
    _on_table(_UPDATE, table, key, ctypes.create_string_buffer(value, len(value)))


def _read(table: int, key: bytes, size: int) -> bytes | None:
    value = ctypes.create_string_buffer(size)
    try:
        _on_table(_LOOKUP, table, key, value)
    except FileNotFoundError:
        return None
    return value.raw


def _forget(table: int, key: bytes) -> None:
    _on_table(_DELETE, table, key, None)


def _on_table(verb: int, table: int, key: bytes, value: "ctypes.Array[ctypes.c_char] | None") -> None:
    at = ctypes.create_string_buffer(key, len(key))
    where = 0 if value is None else ctypes.addressof(value)
    _bpf(verb, struct.pack("=IxxxxQQQ", table, ctypes.addressof(at), where, 0))


def _bpf(verb: int, attributes: bytes) -> int:
    number = _SYSCALL.get(os.uname().machine)
    if number is None:
        raise OSError(38, os.strerror(38))
    buffer = ctypes.create_string_buffer(attributes.ljust(_ATTRIBUTES, b"\0"), _ATTRIBUTES)
    result = int(_libc.syscall(number, verb, buffer, _ATTRIBUTES))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
