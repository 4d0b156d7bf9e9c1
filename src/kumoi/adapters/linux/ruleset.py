"""A table of rules as a value, and the commands that make the kernel say it: only what differs, or all of it.

Pure. Names must be more than keywords of nft's language (`fwd`, `arp`… are refused). What does not belong here:
what the rules mean (`filter_rules`, `zones`, `nat`), and applying them (`nft`).
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

_BATCH: Final = 400  # elements a command
# In a user namespace a transaction must fit a socket's buffer of 212,992 bytes, which nobody there may raise: else
# `nft` says "Message too long". What takes how much was measured: docs/decisions/0040.
_LIMIT: Final = 200_000
_WORD, _ELEMENT, _INTERVAL = 44, 32, 90
_UNHOOK: Final = ("flush", "delete")


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """`hook` is the line that makes it a base chain, empty for one that is jumped to."""

    rules: tuple[str, ...]
    hook: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`sets`: name → `set …` or `map …`. `elements`: set name → key → the rest (comment, mapped value)."""

    family: str
    name: str
    sets: dict[str, str]
    elements: dict[str, dict[str, str]]
    chains: dict[str, Chain]

    @property
    def address(self) -> str:
        return f"{self.family} {self.name}"


def change(old: Table, new: Table) -> list[str] | None:
    """The commands from one to the other, to be one transaction; None where only `swap` can do it."""
    if _hooks(old) != _hooks(new) or any(old.sets.get(name, text) != text for name, text in new.sets.items()):
        return None
    where = new.address
    gone = {n: _lost(old.elements.get(n, {}), new.elements.get(n, {})) for n in old.sets}
    come = {n: _lost(new.elements.get(n, {}), old.elements.get(n, {})) for n in new.sets}
    unused = [name for name in old.chains if name not in new.chains]
    commands = [
        *(_set_command(new, name) for name in new.sets if name not in old.sets),
        *(f"add chain {where} {name}" for name in new.chains if name not in old.chains),
        *_elements("delete", new, gone),
        *_rules(old, new),
        *_elements("add", new, come),
        # Chains that go may jump to each other, and look into sets that go.
        *(f"flush chain {where} {name}" for name in unused),
        *(f"delete chain {where} {name}" for name in unused),
        *(f"delete {_kind(old.sets[name])} {where} {name}" for name in old.sets if name not in new.sets),
    ]
    return commands if sum(map(weight, commands)) <= _LIMIT else None


def weight(command: str) -> int:
    """Bytes of a transaction that a command takes, at most."""
    if " element " in command:
        return len(command) + _ELEMENT * (command.count(",") + 1) + _INTERVAL * command.count("/")
    return _WORD * len(command.split())


def loses(old: Table, new: Table) -> bool:
    """Whether a rule or an element of the old is not in the new: only then may something be forbidden that was not."""
    if any(_lost(old.elements.get(name, {}), new.elements.get(name, {})) for name in old.sets):
        return True
    empty = Chain(rules=())
    return any(set(chain.rules) - set(new.chains.get(name, empty).rules) for name, chain in old.chains.items())


def swap(new: tuple[Table, ...], old: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Transactions that replace the tables `old` (`family name` → its hooked chains) by new ones of other names.

    Everything is laid out first, without hooks. Then it is hooked in beside the old; then the old is unhooked; then it
    goes. Not in one step: a packet that is in the old chains when their elements go finds none, and is dropped. Flows
    and their zones outlive it.
    """
    transactions: list[list[str]] = []
    for table in new:
        bare = {name: chain for name, chain in table.chains.items() if not chain.hook}
        transactions += _packed(
            [
                *(f"{verb} table {table.address}" for verb in ("add", "delete", "add")),
                *(_set_command(table, name) for name in table.sets),
                *(f"add chain {table.address} {name}" for name in bare),
                *(f"add rule {table.address} {name} {rule}" for name, chain in bare.items() for rule in chain.rules),
                *_elements("add", table, {n: _texts(e) for n, e in table.elements.items()}),
            ]
        )
    transactions.append([command for table in new for command in _hooked(table)])
    unhooked = [f"{v} chain {address} {name}" for address, chains in old.items() for name in chains for v in _UNHOOK]
    gone = [f"delete table {address}" for address in old]
    return [t for t in (*transactions, unhooked, gone) if t]


def _hooked(table: Table) -> list[str]:
    based = {name: chain for name, chain in table.chains.items() if chain.hook}
    return [
        *(f"add chain {table.address} {name} {{ {chain.hook} }}" for name, chain in based.items()),
        *(f"add rule {table.address} {name} {rule}" for name, chain in based.items() for rule in chain.rules),
    ]


def _hooks(table: Table) -> dict[str, str]:
    return {name: chain.hook for name, chain in table.chains.items() if chain.hook}


def _rules(old: Table, new: Table) -> list[str]:
    commands: list[str] = []
    for name, chain in new.chains.items():
        if old.chains.get(name) != chain:
            commands += [f"flush chain {new.address} {name}"] if name in old.chains else []
            commands += [f"add rule {new.address} {name} {rule}" for rule in chain.rules]
    return commands


def _lost(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The elements of the one that the other has not, or has otherwise."""
    if before == after:
        return []
    return [key + rest for key, rest in before.items() if after.get(key) != rest]


def _texts(elements: dict[str, str]) -> list[str]:
    return [key + rest for key, rest in elements.items()]


def _set_command(table: Table, name: str) -> str:
    kind, _, body = table.sets[name].partition(" ")
    return f"add {kind} {table.address} {name} {{ {body} }}"


def _kind(declaration: str) -> str:
    return declaration.partition(" ")[0]


def _elements(verb: str, table: Table, wanted: dict[str, list[str]]) -> list[str]:
    return [
        f"{verb} element {table.address} {name} {{ {', '.join(texts[i : i + _BATCH])} }}"
        for name, texts in wanted.items()
        for i in range(0, len(texts), _BATCH)
    ]


def _packed(commands: list[str]) -> list[list[str]]:
    """The same in the same order, as transactions of bounded size."""
    packed: list[list[str]] = []
    size = _LIMIT
    for command in commands:
        size += weight(command)
        if size > _LIMIT:
            packed.append([])
            size = weight(command)
        packed[-1].append(command)
    return packed
