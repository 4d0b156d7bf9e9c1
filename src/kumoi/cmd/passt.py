"""What the supervisor runs for `network.uplink`: it becomes pasta, at the door of the namespaces that stand now."""

import os
import signal
import sys
from pathlib import Path

from kumoi.adapters.linux import namespace, passt
from kumoi.core.errors import Unavailable
from kumoi.runtime.state_folder import StateFolder


def main() -> None:
    """`--state DIR`. Never returns; raises Unavailable where nothing is inside."""
    state = StateFolder(Path(sys.argv[sys.argv.index("--state") + 1]))
    found = namespace.find(state)
    if found is None:
        raise Unavailable("host", what="namespace", reason="not_running")
    argv = passt.command(namespace.member(state, found))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and pasta takes that for a failure
    os.execv(argv[0], argv)  # noqa: S606 - that is the program


if __name__ == "__main__":
    main()
