"""Limits and marks of QoS as nft says them. It is policing: it holds at once and needs no device of its own. Pure."""

from typing import Final

from kumoi.core.qos import Shaping

_BYTES: Final = 125  # of a kilobit
_LEAST_BURST: Final = 2 * 1500  # bytes: less lets no full packet pass
_MOST_BURST: Final = 2**32 - 1


def sent(shaping: Shaping) -> list[str]:
    """Of what a guest sends: limits, then the mark."""
    limits = _limits(shaping.egress_kbps, shaping.egress_burst_kbit, shaping.egress_kpps, shaping.egress_burst_kp)
    if shaping.dscp is None:
        return limits
    return [*limits, f"ip dscp set {int(shaping.dscp)}", f"ip6 dscp set {int(shaping.dscp)}"]


def received(shaping: Shaping) -> list[str]:
    """Of what comes to a guest."""
    return _limits(shaping.ingress_kbps, shaping.ingress_burst_kbit, shaping.ingress_kpps, shaping.ingress_burst_kp)


def _limits(kbps: int, burst_kbit: int, kpps: int, burst_kp: int) -> list[str]:
    found: list[str] = []
    if kbps:
        burst = min(max(int(burst_kbit) * _BYTES, _LEAST_BURST), _MOST_BURST)
        found.append(f"limit rate over {int(kbps) * _BYTES} bytes/second burst {burst} bytes counter drop")
    if kpps:
        burst = min(max(int(burst_kp) * 1000, 1), _MOST_BURST)
        found.append(f"limit rate over {int(kpps) * 1000}/second burst {burst} packets counter drop")
    return found
