"""Pools and waiters: nothing lost between threads and the loop, nothing without bound."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from kumoi.api.edge.pools import WAITING_MOST, Pools
from kumoi.api.edge.streams import PIECE_BYTES, pieces, pump
from kumoi.api.edge.waiters import WOKEN_PER_TURN, Waiters
from kumoi.core.errors import TooLarge, Unavailable


def test_work_runs_in_its_own_pool_and_context() -> None:
    mark: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="none")

    async def scenario() -> tuple[str, str]:
        pools = Pools({"read": 1, "write": 1})
        mark.set("here")
        name = await pools.run_in("write", lambda: threading.current_thread().name)
        seen = await pools.run_in("read", mark.get)
        pools.stop()
        return name, seen

    assert asyncio.run(scenario()) == ("edge-write-0", "here")


def test_errors_come_back() -> None:
    async def scenario() -> None:
        pools = Pools({"read": 1})
        try:
            await pools.run_in("read", lambda: int("x"))
        finally:
            pools.stop()

    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(scenario())


def test_an_ended_iteration_comes_back_too() -> None:
    async def scenario() -> None:
        pools = Pools({"read": 1})
        try:
            await pools.run_in("read", lambda: next(iter(())))
        finally:
            pools.stop()

    with pytest.raises(RuntimeError):
        asyncio.run(scenario())


def test_threads_start_as_work_comes_and_are_bounded() -> None:
    async def scenario() -> tuple[int, int]:
        pools = Pools({"link": 3})
        await pools.run_in("link", int)
        one = await pools.run_in("link", mine)
        gate = threading.Event()
        blocked = [pools.run_in("link", gate.wait) for _ in range(9)]
        many = mine()
        gate.set()
        await asyncio.gather(*blocked)
        pools.stop()
        return one, many

    def mine() -> int:
        return sum(t.name.startswith("edge-link") for t in threading.enumerate()) - before

    before = sum(t.name.startswith("edge-link") for t in threading.enumerate())
    assert asyncio.run(scenario()) == (1, 3)


def test_a_full_pool_refuses_and_the_others_go_on() -> None:
    async def scenario() -> str:
        pools = Pools({"read": 1, "write": 1})
        gate = threading.Event()
        begun = threading.Event()
        blocked = [pools.run_in("read", lambda: (begun.set(), gate.wait()))]
        begun.wait()
        blocked += [pools.run_in("read", gate.wait) for _ in range(WAITING_MOST)]
        with pytest.raises(Unavailable):
            pools.run_in("read", gate.wait)
        other = await pools.run_in("write", lambda: "written")
        gate.set()
        await asyncio.gather(*blocked)
        pools.stop()
        return other

    assert asyncio.run(scenario()) == "written"


def test_a_wake_from_a_thread_ends_the_wait() -> None:
    async def scenario() -> tuple[bool, int]:
        waiters = Waiters()
        ticket = waiters.ticket(["host/7", "network/1"])
        threading.Thread(target=waiters.wake, args=["network/1"]).start()
        woken = await ticket.wait(30)
        return woken, waiters.asleep

    assert asyncio.run(scenario()) == (True, 0)


def test_a_wake_between_ticket_and_wait_counts() -> None:
    async def scenario() -> bool:
        waiters = Waiters()
        ticket = waiters.ticket(["k"])
        waiters.wake("k")
        await asyncio.sleep(0)
        return await ticket.wait(30)

    assert asyncio.run(scenario())


def test_a_wait_ends_with_its_time() -> None:
    async def scenario() -> tuple[bool, int]:
        waiters = Waiters()
        waiters.wake("other")
        return await waiters.wait(["k"], 0.01), waiters.asleep

    assert asyncio.run(scenario()) == (False, 0)


def test_a_thousand_waiters_wake_in_batches() -> None:
    async def scenario() -> list[int]:
        waiters = Waiters()
        woken: list[int] = []

        async def waiter() -> None:
            assert await waiters.wait(["k"], 30)
            woken.append(1)

        waiting = [asyncio.create_task(waiter()) for _ in range(1000)]
        await asyncio.sleep(0)
        waiters.wake("k")
        steps = []
        while len(woken) < 1000:
            before = len(woken)
            await asyncio.sleep(0)
            steps.append(len(woken) - before)
        await asyncio.gather(*waiting)
        return steps

    assert max(asyncio.run(scenario())) <= WOKEN_PER_TURN


def test_an_upload_reaches_its_file_in_order_and_in_large_pieces() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for i in range(100):
            yield bytes([i]) * 50_000

    async def scenario() -> tuple[int, list[bytes]]:
        pools = Pools({"write": 2})
        written: list[bytes] = []
        total = await pump(chunks(), written.append, pools.run_in)
        pools.stop()
        return total, written

    total, written = asyncio.run(scenario())
    assert total == 5_000_000
    assert b"".join(written) == b"".join(bytes([i]) * 50_000 for i in range(100))
    assert all(len(w) >= PIECE_BYTES for w in written[:-1])


def test_a_failed_write_ends_the_upload() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * PIECE_BYTES

    def write(_piece: bytes) -> None:
        raise TooLarge("image", what="image", size=2, limit=1)

    async def scenario() -> None:
        pools = Pools({"write": 1})
        try:
            await pump(chunks(), write, pools.run_in)
        finally:
            pools.stop()

    with pytest.raises(TooLarge):
        asyncio.run(scenario())


class Source:
    """A blocking reader that knows whether it was closed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.closed = False

    def read(self) -> Iterator[bytes]:
        try:
            for i in range(self.count):
                yield bytes([i])
        finally:
            self.closed = True


@pytest.mark.parametrize("wanted", [2, 10, 99])
def test_a_download_is_read_ahead_and_closed(wanted: int) -> None:
    async def scenario(source: Source) -> list[bytes]:
        pools = Pools({"read": 1})
        got: list[bytes] = []
        stream = pieces(source.read(), pools.run_in)
        async for piece in stream:
            got.append(piece)
            if len(got) == wanted:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        pools.stop()
        return got

    source = Source(10)
    assert asyncio.run(scenario(source)) == [bytes([i]) for i in range(min(wanted, 10))]
    assert source.closed
