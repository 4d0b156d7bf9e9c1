"""One host's agent: it talks with control in one loop, works on the world in another, and needs neither to be alive.

The talk: hello, fetch, report, answers. The work: one key for the network, one for each instance, volume and snapshot.
A third loop samples what guests use. What does not belong here: decisions (planning.host_diff), and how anything is
done (drivers).
"""

import threading
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from kumoi.agent.asks import Asks
from kumoi.agent.copies import PREFIX as COPIES
from kumoi.agent.copies import Copies
from kumoi.agent.drivers import Drivers
from kumoi.agent.guests import Guests
from kumoi.agent.hands import FETCH, LAYERS, NETWORK, REPORT, Hands, Papers, Tools
from kumoi.agent.ledger import Ledger
from kumoi.agent.networks import Networks
from kumoi.agent.reporting import Reporting, says_the_same
from kumoi.agent.sampling import Sampling
from kumoi.agent.volumes import KINDS as VOLUMES
from kumoi.agent.volumes import Volumes
from kumoi.agent.wish import wish
from kumoi.contracts.link import Link
from kumoi.core.conditions import Condition
from kumoi.core.consoles import CAPABILITY as CONSOLES
from kumoi.core.errors import Stale
from kumoi.core.guest_acts import CAPABILITY as GUEST_ACTS
from kumoi.core.ids import InstanceId, SectionKey, SessionId
from kumoi.core.meters import CAPABILITY
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report, SectionDelta, section_digest
from kumoi.runtime import log
from kumoi.runtime.loop import Loop, Pace

INSTANCE: Final = "instance/"
LINK_PATIENCE_S: Final = 5.0


class Session:
    """What the last hello gave; the sequence of reports and the last one that arrived belong to it."""

    def __init__(self, session_id: SessionId, *, takes_samples: bool) -> None:
        self.id = session_id
        self.takes_samples = takes_samples
        self.fetched = False
        self.sequence = 0
        self.told: Report | None = None
        self.told_at = 0.0


class Agent:
    """`hello` says who this host is, its boot included. Nothing happens before `start`, or before its loops are run."""

    def __init__(self, hello: Hello, drivers: Drivers, papers: Papers, link: Link, tools: Tools) -> None:
        self._hello = hello = replace(hello, capabilities=(*hello.capabilities, CONSOLES, GUEST_ACTS))
        self._link = link
        self._manner = tools.manner
        self._clock = tools.clock
        self._hands = hands = Hands(drivers, papers, link, tools)
        self._ledger = hands.ledger
        hands.cleared = self._ledger.identity.cleared_boot == hello.boot_id
        self._networks = Networks(hands)
        self._volumes = Volumes(hands)
        self._guests = Guests(hands, self._networks, self._volumes)
        self._copies = Copies(hands, self._volumes)
        self._reporting = Reporting(hands, self._guests, self._networks, self._copies, self._volumes)
        self._asks = Asks(hands)
        self._session: Session | None = None
        self._greeting = threading.Lock()
        self._log = log.get(host=hello.name)
        manner = tools.manner
        work = Pace(resync_s=manner.resync_s, threads=manner.threads, spread=manner.spread)
        talk = Pace(resync_s=manner.resync_s, threads=3, patience_s=LINK_PATIENCE_S, spread=manner.spread)
        hands.loop = self.loop = Loop("agent", self._work, self._keys, tools.clock, tools.chance, work)
        hands.talk = self.talk = Loop("link", self._say, lambda: (FETCH, REPORT), tools.clock, tools.chance, talk)
        self.samples = Sampling(hands, hello.name, self._sampled_by, tools.chance).loop
        for section in map(self._ledger.section, self._ledger.held()):
            if section.epoch == self._ledger.identity.epoch:
                hands.progress.accepted(section.key, section.serial, self._touched(section.key, section.entries))

    def start(self) -> None:
        self._hands.drivers.compute.watch(self.noticed)
        if self._hands.drivers.exporter is not None:
            self._hands.drivers.exporter.watch(self.offered_no_more)
        self.loop.start()
        self.talk.start()
        self.samples.start()

    def stop(self) -> None:
        """Whatever is under way may be cut off anywhere: the next agent looks and goes on."""
        self.samples.stop(0.0)
        self.talk.stop(0.0)
        self.loop.stop()
        self._hands.pump.stop()

    @property
    def ledger(self) -> Ledger:
        """For who wants to look inside."""
        return self._ledger

    def condition(self, instance_id: str) -> Condition | None:
        return self._guests.conditions.get(InstanceId(instance_id))

    def noticed(self, instance_id: InstanceId) -> None:
        """A guest's power changed by itself."""
        self._hands.scene.machines.touch()
        self.loop.hint(f"instance/{instance_id}")
        self._hands.changed()

    def offered_no_more(self) -> None:
        """What this host lets others reach, they may reach no more."""
        self._volumes.offered_no_more()

    # --- the work ------------------------------------------------------------------------------

    def _keys(self) -> Iterable[str]:
        instances = (e for e in self._ledger.own().entries if e.startswith(INSTANCE))
        return (NETWORK, LAYERS, *self._volumes.keys(), *instances, *self._copies.keys())

    def _work(self, key: str) -> None:
        ticket = self._hands.progress.began()
        if key == NETWORK:
            self._networks.work()
        elif key == LAYERS:
            self._guests.collect_layers()
        elif key.startswith(COPIES):
            session = self._session
            self._copies.work(InstanceId(key.removeprefix(COPIES)), session.id if session is not None else None)
        elif key.startswith(VOLUMES):
            self._volumes.work(key)
        else:
            self._guests.work(InstanceId(key.removeprefix(INSTANCE)))
        self._hands.progress.ended(key, ticket)
        self._hands.changed()

    # --- the talk ------------------------------------------------------------------------------

    def _say(self, key: str) -> None:
        if key == FETCH:
            self._fetch()
        elif key == REPORT:
            self._report()
        else:
            self._asks.answer(key)

    def _greet(self) -> Session:
        """The session that is; after a hello, if there was none."""
        with self._greeting:
            if self._session is None:
                welcome = self._link.hello(self._hello)
                known = self._ledger.identity
                self._ledger.identify(replace(known, host_id=welcome.host_id, epoch=welcome.epoch))
                if welcome.epoch != known.epoch:
                    self._hands.progress.restart()
                self._session = Session(welcome.session, takes_samples=CAPABILITY in welcome.capabilities)
                self._log.info("greeted", session=welcome.session, epoch=welcome.epoch)
                self.talk.hint(REPORT)
            return self._session

    def _sampled_by(self) -> SessionId | None:
        """The session of a control that takes samples: a look is wasted on any other."""
        session = self._session
        return session.id if session is not None and session.takes_samples else None

    def _lose(self, session: Session) -> None:
        with self._greeting:
            if self._session is session:
                self._session = None
                self.talk.hint(FETCH)

    def _fetch(self) -> None:
        session = self._greet()
        own = self._ledger.own().key
        ask = FetchAsk(
            host_id=self._ledger.identity.host_id,
            session=session.id,
            epoch=self._ledger.identity.epoch,
            have=self._ledger.have((own, *wish(self._ledger, self._hands.notebook).sections)),
            # The first answer opens the gate for guests after a reboot: it is not to be waited for.
            wait_s=self._manner.poll_s if session.fetched else 0.0,
        )
        try:
            fetched = self._link.fetch(ask)
        except Stale:
            self._lose(session)
            raise
        news = self._take(fetched, ask.have) or not session.fetched
        session.fetched = True
        self._clear()
        # An ask that is being answered is told again and again: no reason to hurry.
        waits = bool(self._manner.poll_s) and not fetched.asks
        self.talk.again_in(FETCH, 0.0 if news or waits else self._manner.idle_s)

    def _take(self, fetched: Fetched, asked: dict[SectionKey, int]) -> bool:
        """The answer into the ledger; returns whether anything was new."""
        news = False
        for delta in fetched.sections:
            # A section dropped since the question was asked: its newest entries alone are no section.
            dropped = asked.get(delta.key, 0) > 0 and self._ledger.section(delta.key).serial == 0
            if delta.key in asked and not dropped:
                news |= self._accept(fetched.epoch, delta)
        for key in asked.keys() - {delta.key for delta in fetched.sections}:
            news |= self._empty(fetched.epoch, key)
        for ask in fetched.asks:
            self._asks.open(ask)
        return news

    def _accept(self, epoch: int, delta: SectionDelta) -> bool:
        try:
            changed = self._ledger.accept(epoch, delta)
        except Stale as e:
            self._log.warning("refused_section", section=delta.key, error=str(e))
            return False
        keys = self._touched(delta.key, changed)
        self._hands.progress.accepted(delta.key, self._ledger.section(delta.key).serial, keys)
        for key in keys:
            self.loop.hint(key)
            if key.startswith((INSTANCE, "volume/")):
                self._copies.hint(key)
        return True

    def _empty(self, epoch: int, key: SectionKey) -> bool:
        """Nothing was answered for a section: in a newer epoch that means that there is nothing in it."""
        if not 0 < self._ledger.section(key).epoch < epoch:
            return False
        return self._accept(epoch, SectionDelta(key=key, serial=0, digest=section_digest(0), entries=(), whole=True))

    def _touched(self, section: SectionKey, entries: Iterable[str]) -> list[str]:
        """The keys that have to look when these entries of a section change, the network first."""
        mine = section == self._ledger.own().key
        return [NETWORK, *sorted(e for e in entries if mine and e.startswith((INSTANCE, *VOLUMES)))]

    def _clear(self) -> None:
        """The plan of this session is here: guests may be started, in this boot also without control."""
        if self._hands.cleared:
            return
        self._ledger.identify(replace(self._ledger.identity, cleared_boot=self._hello.boot_id))
        self._hands.cleared = True
        for key in self._keys():
            self.loop.hint(key)

    def _report(self) -> None:
        session = self._session
        if session is None:
            return
        report = self._reporting.build(self._hello.boot_id)
        now = self._clock.monotonic()
        quiet = session.told is not None and now < session.told_at + self._manner.heartbeat_s
        if quiet and session.told is not None and says_the_same(report, session.told):
            return
        session.sequence += 1
        try:
            self._link.report(replace(report, session=session.id, sequence=session.sequence))
        except Stale:
            self._lose(session)
            raise
        session.told, session.told_at = report, now
