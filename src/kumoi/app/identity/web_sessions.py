"""Doors of the dashboard's own session: sign in, who calls, switch the project, prefer, see and end one's sessions.

The secret lives in the browser's cookie; a row knows only its digest.
"""

import base64
import hashlib

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.federations import vouched
from kumoi.app.identity.held import held_by, projects_reached, roles_in
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core import web_sessions
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid, NotFound, Unauthenticated
from kumoi.core.ids import ProjectId, UserId, WebSessionId
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.tenancy import User
from kumoi.core.web_sessions import AGENT_MOST, Preference, WebSession

SECRET_BYTES = 32
SEEN_EVERY_S = 300.0
ENDED = "session"


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser tells of itself, shown to its user in the list of sessions."""

    agent: str
    address: str


class Visitor(Actor, frozen=True, kw_only=True):
    """An actor who came by a browser's session. `project_id` None: the user has no role in any project.

    `since`: the last event that was known before anything was read for this visit.
    """

    session: WebSession
    preference: Preference
    since: int = 0


def open_session(house: House, request_id: str, user: User, browser: Browser) -> tuple[str, WebSession]:
    """The cookie's secret and its session, for who has proved to be this user."""
    now = house.clock.now()
    secret = base64.urlsafe_b64encode(house.chance.secret(SECRET_BYTES)).rstrip(b"=").decode()
    session_id = WebSessionId(house.chance.uuid())

    def write(tx: Transaction) -> WebSession:
        project_id = _first_project(tx, user)
        session = WebSession(
            id=session_id,
            digest=digest_of(secret),
            user_id=user.id,
            project_id=project_id,
            revocation=user.revocation,
            agent=browser.agent[:AGENT_MOST],
            address=browser.address,
            created_at=now,
            seen_at=now,
        )
        tx.web_sessions.insert(session)
        actor = Actor(user_id=user.id, user_name=user.name, project_id=project_id or None)
        call = Call(actor=actor, request_id=request_id, now=now)
        thing = Thing("web_session", session.id, "")
        record(tx, house, call, "web_session.create", thing, {"address": browser.address})
        return session

    return secret, house.store.write(write)


def visitor_of(house: House, secret: str) -> Visitor:
    """Who calls with this cookie. One read, now and then a write. Unauthenticated when it counts no more."""
    now = house.clock.now()
    visitor = house.store.read(lambda tx: _visitor(tx, secret, now))
    if now - visitor.session.seen_at > SEEN_EVERY_S:
        house.store.write(lambda tx: _touch(tx, visitor.session.id, now))
    return visitor


def own_sessions(house: House, call: Call) -> list[WebSession]:
    """The caller's that still count, the last seen first."""
    allow(call, "web_session.own")
    query = Query(filters=(eq("user_id", call.actor.user_id),), order=(Order("seen_at", descending=True),))

    def read(tx: Transaction) -> list[WebSession]:
        user = tx.users.get(call.actor.user_id)
        found = tx.web_sessions.find(query)
        return [s for s in found if user and s.revocation == user.revocation and web_sessions.alive(s, call.now)]

    return house.store.read(read)


def end(house: House, call: Call, session_id: WebSessionId) -> None:
    """Sign out, here or elsewhere. NotFound for another user's."""
    allow(call, "web_session.own")

    def write(tx: Transaction) -> None:
        session = tx.web_sessions.get(session_id)
        if session is None or session.user_id != call.actor.user_id:
            raise NotFound("identity", kind="session", id=session_id)
        tx.web_sessions.remove(session.id)
        record(tx, house, call, "web_session.delete", Thing("web_session", session.id, ""))

    house.store.write(write)


def end_all(house: House, call: Call, kept: WebSessionId | None = None) -> None:
    """Sign the caller out everywhere, but for the session that is kept."""
    allow(call, "web_session.own")

    def write(tx: Transaction) -> None:
        for session in tx.web_sessions.find(Query(filters=(eq("user_id", call.actor.user_id),))):
            if session.id != kept:
                tx.web_sessions.remove(session.id)
                record(tx, house, call, "web_session.delete", Thing("web_session", session.id, ""))

    house.store.write(write)


def switch_project(house: House, call: Call, session_id: WebSessionId, project_id: ProjectId) -> WebSession:
    """NotFound for a project in which the caller has no role, as for one that is not there."""
    allow(call, "web_session.own")

    def write(tx: Transaction) -> WebSession:
        session = tx.web_sessions.get(session_id)
        if session is None or session.user_id != call.actor.user_id:
            raise NotFound("identity", kind="session", id=session_id)
        project = tx.projects.get(project_id)
        user = tx.users.get(session.user_id)
        if user is None or not roles_in(tx, user, project):
            raise NotFound("identity", kind="project", id=project_id)
        record(tx, house, call, "web_session.update", Thing("web_session", session.id, ""))
        return tx.web_sessions.save(replace(session, project_id=project_id))

    return house.store.write(write)


def prefer(house: House, call: Call, wish: Preference) -> None:
    """Keep how the caller wants to be shown the cloud; `wish.id` is the caller's own."""
    allow(call, "web_session.own")
    mine = replace(wish, id=call.actor.user_id)
    for field, value, choices in (("locale", mine.locale, ("", "en", "ja")), ("theme", mine.theme, _THEMES)):
        if value not in choices:
            raise Invalid("api", field=field, reason="not_in_enum", value=value)

    def write(tx: Transaction) -> None:
        if tx.preferences.get(mine.id) is None:
            tx.preferences.insert(mine)
        else:
            tx.preferences.save(mine)

    house.store.write(write)


def drop_of(tx: Transaction, user_id: UserId) -> None:
    """With a user go the sessions and preferences."""
    for session in tx.web_sessions.find(Query(filters=(eq("user_id", user_id),))):
        tx.web_sessions.remove(session.id)
    tx.preferences.remove(user_id)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


_THEMES = ("system", "light", "dark")


def _visitor(tx: Transaction, secret: str, now: float) -> Visitor:
    found = tx.web_sessions.find(Query(filters=(eq("digest", digest_of(secret)),)))
    if not found or not web_sessions.alive(found[0], now):
        raise Unauthenticated("identity", reason=ENDED)
    session = found[0]
    user = tx.users.get(session.user_id)
    if user is None or not user.enabled or user.revocation != session.revocation:
        raise Unauthenticated("identity", reason=ENDED)
    vouched(tx, user.id)
    project = tx.projects.get(session.project_id)
    roles = roles_in(tx, user, project)
    usable = bool(roles)
    return Visitor(
        user_id=user.id,
        user_name=user.name,
        project_id=project.id if project and usable else None,
        project_name=project.name if project and usable else "",
        roles=frozenset(role.name for role in roles),
        known_by=(f"web_session/{session.id}",),
        session=session,
        preference=tx.preferences.get(user.id) or Preference(id=user.id),
    )


def _first_project(tx: Transaction, user: User) -> ProjectId:
    """The user's default one, or the first by name of those with a role; empty for none."""
    usable = [p for p in projects_reached(tx, held_by(tx, user.id)) if roles_in(tx, user, p)]
    chosen = [p.id for p in usable if p.id == user.default_project_id] or [p.id for p in usable]
    return chosen[0] if chosen else ProjectId("")


def _touch(tx: Transaction, session_id: WebSessionId, now: float) -> None:
    session = tx.web_sessions.get(session_id)
    if session is not None and session.seen_at < now:
        tx.web_sessions.save(replace(session, seen_at=now))
