"""Work that a cloud's owner must do, called by root as well: a child gives its rights up, and does it.

What root opened before (a file that only root may write) the child still has open.
"""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from kumoi.adapters.linux import account
from kumoi.cmd.inside import tell
from kumoi.core.errors import KumoiError, Unavailable


def run(root: Path, act: Callable[[], object], what: str) -> None:
    """`act` as the owner of `root`; the caller stays who it was. What it refuses is told by it, and ends the command.

    Raises Forbidden for others' folders, and Unavailable (`what`, reason incomplete) where the child died.
    """
    owner = account.owner(root)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _act(owner, act)
        except Exception:  # noqa: BLE001 - it must not go on as if it were its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(1) if os.WIFEXITED(status) else Unavailable("host", what=what, reason="incomplete")


def _act(owner: account.Account, act: Callable[[], object]) -> int:
    try:
        account.become(owner)
        act()
    except KumoiError as e:
        click.echo(f"kumoi: {tell(e)}", err=True)
        return 1
    return 0
