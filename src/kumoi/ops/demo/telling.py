"""How the demonstration tells its progress: a moving line on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

from rich.console import Console
from rich.table import Table

Done = Literal["made", "found", "done", "failed"]


class Step:
    """One step while it is under way. `outcome` and `detail` are its line in the table."""

    def __init__(self, name: str, teller: "Teller") -> None:
        self.name = name
        self.outcome: Done = "done"
        self.detail = ""
        self.seconds = 0.0
        self._teller = teller
        self._noted = ""

    def ended(self, outcome: Done, detail: str) -> None:
        self.outcome, self.detail = outcome, detail

    def note(self, words: str) -> None:
        """Why it takes its time; told when it changes."""
        if words and words != self._noted:
            self._noted = words
            self._teller.note(self, words)


class Teller:
    """Tells steps as they end and all of them as a table."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str, *, quiet: bool = False) -> Iterator[Step]:
        """`quiet`: what happens within has words of its own."""
        step = Step(name, self)
        self.steps.append(step)
        begun = time.monotonic()
        moving = self.console.is_terminal and not quiet
        try:
            with self.console.status(name) if moving else nullcontext():
                yield step
        except BaseException:
            step.outcome = "failed"
            raise
        finally:
            step.seconds = time.monotonic() - begun
            self._tell(step)

    def note(self, step: Step, words: str) -> None:
        self._line(f"  {step.name}: {words}", "dim")

    def table(self) -> None:
        """Every step, what came of it, how long it took."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("step")
        table.add_column("")
        table.add_column("what", overflow="fold")
        table.add_column("seconds", justify="right")
        for step in self.steps:
            table.add_row(step.name, step.outcome, step.detail, f"{step.seconds:.1f}")
        table.add_row("", "", "", f"{sum(s.seconds for s in self.steps):.1f}")
        self.console.print()
        self.console.print(table)

    def say(self, *lines: str) -> None:
        for line in lines:
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _tell(self, step: Step) -> None:
        mark = "✗" if step.outcome == "failed" else "✓"
        self._line(f"{mark} {step.name}: {step.outcome} {step.detail} ({step.seconds:.1f} s)", "")

    def _line(self, text: str, style: str) -> None:
        self.console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)
