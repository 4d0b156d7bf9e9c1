"""A journal that outlives the agent that wrote it, and nothing else."""


class FakeJournal:
    """See `agent.journal.Journal`."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def read(self) -> list[bytes]:
        return list(self.records)

    def append(self, record: bytes) -> None:
        self.records.append(record)

    def replace(self, records: list[bytes]) -> None:
        self.records = list(records)

    def size(self) -> int:
        return sum(map(len, self.records))
