"""The caller's language out of Accept-Language: English unless Japanese is asked for first."""

from functools import lru_cache

from kumoi.core.call import Locale


@lru_cache(maxsize=256)
def locale_of(accept_language: str | None) -> Locale:
    """RFC 9110 §12.5.4 as far as two languages need it; weights count, nonsense is ignored."""
    if not accept_language:
        return "en"
    best: Locale = "en"
    best_weight = 0.0
    for item in accept_language.split(",")[:32]:
        tag, _, rest = item.strip().partition(";")
        weight = _weight(rest)
        primary = tag.strip().lower().split("-")[0]
        if weight > best_weight and primary in {"en", "ja", "*"}:
            best = "ja" if primary == "ja" else "en"
            best_weight = weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
