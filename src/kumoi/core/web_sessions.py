"""Browsers that signed in, what their users prefer, and how long who guesses passwords must wait."""

from typing import Literal

import msgspec

from kumoi.core.call import Locale
from kumoi.core.ids import ProjectId, UserId, WebSessionId

Theme = Literal["system", "light", "dark"]
IDLE_MOST_S = 12 * 3600.0
AGE_MOST_S = 14 * 86400.0
AGENT_MOST = 256

FREE_FAILURES = 3
GAP_MOST_S = 15.0


class WebSession(msgspec.Struct, frozen=True, kw_only=True):
    """`digest`: SHA-256 (hex) of the secret in its cookie, which is kept nowhere else. `project_id`: empty for none.

    `revocation` is the user's at the time; once the user's is higher (a new password), the session counts no more.
    """

    id: WebSessionId
    digest: str
    user_id: UserId
    project_id: ProjectId
    revocation: int
    agent: str = ""
    address: str = ""
    created_at: float = 0.0
    seen_at: float = 0.0


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """How one user wants to be shown the cloud. `locale` empty: as the browser asks."""

    id: UserId
    locale: Locale | Literal[""] = ""
    theme: Theme = "system"


def alive(session: WebSession, now: float) -> bool:
    """Neither idle nor old beyond measure."""
    return now - session.seen_at <= IDLE_MOST_S and now - session.created_at <= AGE_MOST_S


def gap_s(failures: int) -> float:
    """Seconds between two tries after so many wrong ones in a row: a few are free, then 1, 2, 4, 8, 15."""
    if failures < FREE_FAILURES:
        return 0.0
    return float(min(GAP_MOST_S, 2.0 ** (failures - FREE_FAILURES)))
