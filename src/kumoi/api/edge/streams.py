"""Big bytes between the event loop and blocking readers and writers: a thread works on one piece while the next moves.

Pieces are about 1 MiB, because a hop between loop and thread costs the same for a byte as for a million.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

from kumoi.api.edge.routes import Pool

PIECE_BYTES: Final = 1 << 20
RunIn = Callable[[Pool, Callable[[], Any]], Awaitable[Any]]


async def pump(
    chunks: AsyncIterator[bytes], write: Callable[[bytes], None], run_in: RunIn, pool: Pool = "write"
) -> int:
    """All chunks through `write`, in order, in a pool's thread; returns the bytes written.

    When a chunk or a write fails, the write under way is finished first, so that the caller may abort its file.
    """
    total = 0
    writing: Awaitable[Any] | None = None
    held = bytearray()
    try:
        async for chunk in chunks:
            held += chunk
            total += len(chunk)
            if len(held) >= PIECE_BYTES:
                piece, held = bytes(held), bytearray()
                if writing is not None:
                    done, writing = writing, None
                    await done
                writing = run_in(pool, _writer(write, piece))
    finally:
        if writing is not None:
            await writing
    if held:
        await run_in(pool, _writer(write, bytes(held)))
    return total


async def pieces(source: Iterator[bytes], run_in: RunIn, pool: Pool = "read") -> AsyncIterator[bytes]:
    """A blocking iterator's pieces, the next one being read while the last is sent. Closes the source at the end."""
    reading = run_in(pool, lambda: next(source, None))
    try:
        while True:
            piece: bytes | None = await reading
            if piece is None:
                return
            reading = run_in(pool, lambda: next(source, None))
            yield piece
    finally:
        await _ended(reading)
        close = getattr(source, "close", None)
        if close is not None:
            await run_in(pool, close)


def _writer(write: Callable[[bytes], None], piece: bytes) -> Callable[[], None]:
    return lambda: write(piece)


async def _ended(reading: Awaitable[Any]) -> None:
    try:
        await reading
    except Exception:  # noqa: BLE001 - it was raised to the reader, or nobody reads any more
        return
