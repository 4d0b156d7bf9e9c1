"""A service's wire: from an action's name and form fields to values, and from values to a document.

    ec2 = service("ec2")
    operation = ec2.operation(pairs)          Invalid: no such action; Unsupported: known to AWS, not built here
    wish = operation.parse(pairs)             {"ImageId": "ami-…", "MinCount": 1, …} by the model's member names
    document = operation.render({"Instances": […]}, request_id)
    failure = ec2.error(code, message, request_id, status)

Times are seconds since the epoch both ways, blobs are bytes. No handlers, no signatures here.
"""

from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any

from kumoi.api.aws.models import Output, ServiceModel, load
from kumoi.api.aws.parsing import Reader, Readers, first, tree_of, wrong
from kumoi.api.aws.rendering import (
    Writer,
    Writers,
    ec2_document,
    ec2_error,
    query_document,
    query_error,
)
from kumoi.core.errors import Unsupported

Pairs = Sequence[tuple[str, str]]
XML = "text/xml;charset=UTF-8"


class Operation:
    """One action. Thread-safe: nothing changes after it was made."""

    def __init__(
        self,
        name: str,
        model: ServiceModel,
        reader: Reader | None,
        output: tuple[Output, Writer] | None,
    ) -> None:
        self.name = name
        self._metadata = model.metadata
        self._reader = reader
        self._output = output

    def parse(self, pairs: Pairs) -> dict[str, Any]:
        """The parameters by member name. Raises Invalid."""
        tree = tree_of(pairs)
        if self._reader is None:
            for name in tree:
                raise wrong(name, "unknown_field")
            return {}
        value: dict[str, Any] = self._reader(tree, "")
        return value

    def render(self, values: dict[str, Any], request_id: str) -> bytes:
        """The answer's document. KeyError or TypeError where `values` do not fit the model."""
        namespace = self._metadata.namespace
        if self._metadata.protocol == "query":
            return query_document(self.name, namespace, request_id, self._output, values)
        writer = self._output[1] if self._output is not None else None
        return ec2_document(self.name, namespace, request_id, writer, values)


class Service:
    """A model's operations, each compiled when it is first called."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._readers = Readers(model)
        self._writers = Writers(model)
        self._operations: dict[str, Operation] = {}
        self._compiling = Lock()

    @property
    def names(self) -> frozenset[str]:
        """The operations whose wire we speak."""
        return frozenset(self._model.operations)

    @property
    def known(self) -> frozenset[str]:
        """The operations that AWS has: for the compatibility table."""
        return self._model.known

    def operation(self, pairs: Pairs) -> Operation:
        """The one that `Action` names. Raises Invalid (missing_action, unknown_action), Unsupported."""
        name = first(pairs, "Action")
        if not name:
            raise wrong("Action", "missing_action")
        return self.named(name)

    def named(self, name: str) -> Operation:
        made = self._operations.get(name)
        if made is None:
            with self._compiling:
                made = self._operations[name] = self._compile(name)
        return made

    def _compile(self, name: str) -> Operation:
        model = self._model.operations.get(name)
        if model is None:
            if name in self._model.known:
                raise Unsupported("api", what=name)
            raise wrong("Action", "unknown_action", value=name[:100])
        reader = self._readers.reader(model.input) if model.input is not None else None
        output = (model.output, self._writers.writer(model.output.shape)) if model.output is not None else None
        return Operation(name, self._model, reader, output)

    def error(self, code: str, message: str, request_id: str, status: int) -> bytes:
        """The document of a refusal; `status` only says whose fault it is."""
        if self._model.metadata.protocol == "ec2":
            return ec2_error(code, message, request_id)
        namespace = self._model.metadata.namespace
        return query_error(code, message, request_id, namespace, ours=status >= 500)


@cache
def service(name: str) -> Service:
    """`ec2`, `sts` …, read and made on first use."""
    return Service(load(name))
