"""One trie of path segments for all tongues: a lookup costs the path's length, whatever the number of routes.

Works on the raw path: each segment is percent-decoded by itself, so an encoded slash stays inside its segment, and
`..` is a name like any other that no literal has. No HTTP, no handlers are called here.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

import msgspec

from kumoi.api.edge.routes import Route, Tongue, Version


class Found(msgspec.Struct, frozen=True):
    """A served path. `routes` are those of the method, still to be chosen from by version and body key."""

    tongue: Tongue
    routes: Sequence[Route]
    params: dict[str, str]


class Missing(msgspec.Struct, frozen=True):
    """Nothing here (`allow` empty), or not by this method. `tongue` words the refusal; None is outside all."""

    tongue: Tongue | None
    allow: Sequence[str] = ()


class _Node:
    __slots__ = ("literals", "methods", "names", "param", "rest", "tongue")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.param: _Node | None = None
        self.rest: _Node | None = None
        self.methods: dict[str, list[Route]] = {}
        self.names: tuple[str, ...] = ()
        self.tongue: Tongue | None = None


class Router:
    """Immutable after construction, therefore shared by all threads."""

    def __init__(self, tongues: Sequence[Tongue]) -> None:
        self._root = _Node()
        for tongue in tongues:
            self._mount(tongue)

    def find(self, method: str, raw_path: bytes) -> Found | Missing:
        """The routes of a method and raw path (no query). A trailing slash is ignored; HEAD is served by GET."""
        try:
            segments = _segments(raw_path)
        except UnicodeDecodeError:
            return Missing(None)
        seen = _Walk(method, segments)
        found = seen.down(self._root, 0, ())
        if found is not None:
            return found
        return Missing(seen.tongue, sorted(seen.allow))

    def __iter__(self) -> Iterator[tuple[Tongue, Route]]:
        """Every route there is, for documents and tests."""
        todo: list[tuple[_Node, Tongue | None]] = [(self._root, None)]
        while todo:
            node, above = todo.pop()
            tongue = node.tongue or above
            if tongue is not None:
                yield from ((tongue, r) for routes in node.methods.values() for r in routes)
            below = [*node.literals.values(), node.param, node.rest]
            todo.extend((n, tongue) for n in below if n is not None)

    def _mount(self, tongue: Tongue) -> None:
        node = self._root
        for segment in _pattern(tongue.prefix):
            node = node.literals.setdefault(segment, _Node())
        if node.tongue is not None:
            raise ValueError(f"{tongue.name} and {node.tongue.name} share the prefix {tongue.prefix}")
        node.tongue = tongue
        for route in tongue.routes:
            self._add(node, route)

    def _add(self, node: _Node, route: Route) -> None:
        names: list[str] = []
        for segment in _pattern(route.path):
            if node.rest is not None and segment.endswith("*}"):
                node = node.rest
            elif segment.endswith("*}"):
                node.rest = node = _Node()
            elif segment.startswith("{"):
                node.param = node = node.param or _Node()
            else:
                node = node.literals.setdefault(segment, _Node())
            if segment.startswith("{"):
                names.append(segment.strip("{}*"))
        if node.methods and node.names != tuple(names):
            raise ValueError(f"{route.path} names its parameters unlike its neighbours: {node.names}")
        node.names = tuple(names)
        routes = node.methods.setdefault(route.method, [])
        if any(r.body_key == route.body_key and _overlap(r, route) for r in routes):
            raise ValueError(f"two routes for {route.method} {route.path}")
        if any(_reading(r) != _reading(route) for r in routes):
            raise ValueError(f"routes on {route.method} {route.path} are read in unlike ways")
        routes.append(route)


class _Walk:
    """One lookup: literals before parameters before the rest, backing out of branches that end nowhere."""

    __slots__ = ("allow", "method", "segments", "tongue")

    def __init__(self, method: str, segments: list[str]) -> None:
        self.method = method
        self.segments = segments
        self.tongue: Tongue | None = None
        self.allow: set[str] = set()

    def down(self, node: _Node, at: int, taken: tuple[str, ...]) -> Found | None:
        if node.tongue is not None:
            self.tongue = node.tongue
        last = len(self.segments)
        if node.methods and at == last:
            return self.end(node, taken)
        if node.methods and at == last - 1 and not self.segments[at]:
            return self.nameless(node, taken)
        if at == last:
            return None
        segment = self.segments[at]
        child = node.literals.get(segment)
        if child is not None:
            found = self.down(child, at + 1, taken)
            if found is not None or child.tongue is not None:
                return found  # a mount is a border: what it does not serve, nobody above it does
        if node.param is not None and _is_name(segment):
            found = self.down(node.param, at + 1, (*taken, segment))
            if found is not None:
                return found
        if node.rest is not None:
            return self.end(node.rest, (*taken, "/".join(self.segments[at:])))
        return None

    def nameless(self, node: _Node, taken: tuple[str, ...]) -> Found | None:
        """A slash at the end says nothing, unless only what has a name takes the method: then nobody is named."""
        if node.param is not None and self.method in node.param.methods and self.method not in node.methods:
            return None
        return self.end(node, taken)

    def end(self, node: _Node, taken: tuple[str, ...]) -> Found | None:
        routes = node.methods.get(self.method)
        if routes is None and self.method == "HEAD":
            routes = node.methods.get("GET")
        if routes is None or self.tongue is None:
            self.allow.update(node.methods.keys() - {"WEBSOCKET"})  # no answer to a plain request
            if "GET" in node.methods:
                self.allow.add("HEAD")
            return None
        return Found(self.tongue, routes, dict(zip(node.names, taken, strict=True)))


def choose(routes: Sequence[Route], version: Version | None, body_key: str | None = None) -> Route | None:
    """The one route for a microversion and, where the path is shared by actions, the body's key."""
    for route in routes:
        if route.body_key in {None, body_key} and route.has_version(version):
            return route
    return None


def _segments(raw_path: bytes) -> list[str]:
    """Decoded segments; a trailing slash leaves an empty one, which only a `{name*}` keeps."""
    parts = raw_path.split(b"/")[1:]
    return [(unquote_to_bytes(p) if b"%" in p else p).decode() for p in parts]


def _is_name(segment: str) -> bool:
    """What a parameter may take: nothing that a careless join could climb or split with."""
    return segment not in {"", ".", ".."} and "/" not in segment and "\0" not in segment


def _pattern(path: str) -> list[str]:
    return [s for s in path.split("/") if s]


def _reading(route: Route) -> tuple[object, ...]:
    """What must be known before the body, and thus the route, is."""
    return route.runs_in, route.pool_of, route.body_limit, route.wait, route.streamed


def _overlap(a: Route, b: Route) -> bool:
    first, last = (0, 0), (1 << 30, 0)
    return (a.min_version or first) <= (b.max_version or last) and (b.min_version or first) <= (a.max_version or last)
