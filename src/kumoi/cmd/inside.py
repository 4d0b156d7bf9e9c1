"""What the commands that lead into a running cloud share: whose it is, and where it is.

What does not belong here: starting and ending it (up, down).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kumoi.adapters.linux import account, namespace
from kumoi.adapters.linux.namespace import Namespace
from kumoi.cmd.refusals import sentence
from kumoi.core.errors import KumoiError, Unavailable
from kumoi.runtime import state_folder
from kumoi.runtime.state_folder import StateFolder


@contextmanager
def told() -> Iterator[None]:
    """Refusals within it end the command with their layer, code and facts."""
    try:
        yield
    except KumoiError as e:
        sys.exit(f"kumoi: {tell(e)}")


def tell(error: KumoiError) -> str:
    """One line, and a log's last lines below it where they are among the facts."""
    log = error.facts.get("log")
    lines = log if isinstance(log, list) else []
    return "\n  | ".join([sentence(error), *lines])


def of_owner(root: Path) -> StateFolder:
    """The existing cloud's folder; this process is its owner from here on."""
    state = state_folder.existing(root)
    account.become(account.owner(root))
    return state


def ground(state: StateFolder) -> Namespace:
    """The cloud's living namespaces. Raises Unavailable where there are none."""
    found = namespace.find(state)
    if found is None:
        raise Unavailable("host", what="cloud", reason="not_running", state=str(state.root))
    return found
