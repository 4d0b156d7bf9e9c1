"""Many threads at once, from one starting line."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def together(jobs: list[Callable[[], T]]) -> list[T]:
    """Run each job in a thread of its own; all begin when the last is ready. Raises what a job raised."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        start.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def wait_for(predicate: Callable[[], bool], seconds: float = 90.0) -> None:
    """Until the predicate holds; fails when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.001)
