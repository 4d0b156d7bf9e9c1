"""`kumoi rules GROUP`: what a security group lets in, as text; and setting it."""

import sys
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import click

from kumoi.cmd.demo import language
from kumoi.cmd.inside import of_owner, told
from kumoi.ops.client import Client


@click.command()
@click.argument("group")
@click.option("--set", "wanted", type=click.File("r", encoding="utf-8"), help="Let in what this file lists (-: stdin).")
@click.option("--cloud", envvar="OS_CLOUD", default="kumoi", show_default=True, help="Whose, of clouds.yaml.")
@click.pass_obj
def command(root: Path, group: str, wanted: TextIO | None, cloud: str) -> None:
    """Show or set what a security group lets in: one rule a line, `protocol:from,to,source`.

    GROUP is its id, EC2 id or name. Sources are ip4:, ip6:, sg-GROUP and ag-ADDRESSGROUP; -1 is any; a comment begins
    with #:

    \b
        tcp:22,22,ip4:192.0.2.0/24    # ssh from the office
        icmp:-1,-1,ip4:0.0.0.0/0
        tcp:3306,3306,sg-app
    """
    with told():
        client = Client(of_owner(root).clouds_yaml, cloud, language())
        path = f"/operator/v1/security-groups/{quote(group, safe='')}/rules"
        answer = client.get(path) if wanted is None else client.put(path, {"text": wanted.read()})
    sys.stdout.write(answer["text"])
