#!/usr/bin/env python3
"""Write src/kumoi/api/aws/models from the installed botocore: the operations that we serve, without documentation.

    python tools/prune_models.py            write the files
    python tools/prune_models.py --check    exit 1 when they are not what this botocore gives

To serve one more operation, add its name below, run this, and read the difference.
"""

import argparse
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

MODELS = Path(__file__).parent.parent / "src" / "kumoi" / "api" / "aws" / "models"

SERVED: dict[tuple[str, str], str] = {
    ("ec2", "2016-11-15"): """
        AllocateAddress AssociateAddress AttachNetworkInterface AttachVolume AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress
        CreateImage CreateKeyPair CreateNetworkInterface CreateSecurityGroup CreateSnapshot CreateTags CreateVolume
        DeleteKeyPair DeleteNetworkInterface DeleteSecurityGroup DeleteSnapshot DeleteTags DeleteVolume DeregisterImage
        DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeImageAttribute DescribeImages
        DescribeInstanceAttribute DescribeInstanceStatus DescribeInstanceTypeOfferings DescribeInstanceTypes
        DescribeInstances DescribeKeyPairs DescribeNetworkInterfaces DescribeRegions DescribeSecurityGroupRules
        DescribeSecurityGroups DescribeSnapshots DescribeSubnets DescribeTags DescribeVolumes DescribeVpcAttribute
        DescribeVpcs DetachNetworkInterface DetachVolume DisassociateAddress GetConsoleOutput ImportKeyPair ModifyImageAttribute ModifyNetworkInterfaceAttribute
        ModifySubnetAttribute
        RebootInstances ReleaseAddress
        RevokeSecurityGroupEgress RevokeSecurityGroupIngress RunInstances
        StartInstances StopInstances TerminateInstances
    """,
    ("sts", "2011-06-15"): "GetCallerIdentity",
}

# Enumerations and patterns are left out: instance types and ids are this cloud's own.
KEPT = {
    "metadata": {"apiVersion", "protocol", "serviceId", "xmlNamespace"},
    "operation": {"input", "output"},
    "shape": {"type", "required", "members", "member", "key", "value", "min", "max", "flattened"},
    "member": {"shape", "locationName", "queryName"},
}

NOTICE_HEAD = """\
The JSON files in this folder are parts of the service models of botocore {version},
Copyright Amazon.com, Inc. or its affiliates, under the Apache License, Version 2.0
(the LICENSE of this project). Changed: only the operations that this project serves
are kept, without documentation, enumerations and patterns; `known` lists the names of
all operations of the service. Made by tools/prune_models.py. botocore's own notice:

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    made = files()
    stale = [p for p, text in made.items() if not p.exists() or p.read_text() != text]
    for path in stale:
        if not check:
            path.write_text(made[path])
        sys.stdout.write(f"{'differs' if check else 'written'}: {path.name}\n")
    return 1 if check and stale else 0


def files() -> dict[Path, str]:
    """Every file of the folder, by path."""
    made = {
        MODELS / f"{name}.json": lines_of(prune(name, version, names.split()))
        for (name, version), names in SERVED.items()
    }
    made[MODELS / "NOTICE"] = notice()
    return made


def prune(service: str, version: str, names: list[str]) -> dict[str, Any]:
    """The model with these operations and the shapes that they reach."""
    model: dict[str, Any] = Loader().load_service_model(service, "service-2", version)
    operations = {n: only(model["operations"][n], "operation") for n in sorted(names)}
    shapes: dict[str, Any] = {}
    todo = [
        operation[side]["shape"]
        for operation in operations.values()
        for side in ("input", "output")
        if side in operation
    ]
    while todo:
        name = todo.pop()
        if name not in shapes:
            shapes[name] = pruned_shape(model["shapes"][name])
            todo.extend(references(shapes[name]))
    return {
        "metadata": only(model["metadata"], "metadata"),
        "operations": operations,
        "shapes": dict(sorted(shapes.items())),
        "known": sorted(model["operations"]),
    }


def pruned_shape(shape: dict[str, Any]) -> dict[str, Any]:
    kept = only(shape, "shape")
    if "members" in kept:
        kept["members"] = {n: only(m, "member") for n, m in kept["members"].items()}
    for part in ("member", "key", "value"):
        if part in kept:
            kept[part] = only(kept[part], "member")
    if shape.get("locationName"):
        kept["locationName"] = shape["locationName"]
    return kept


def references(shape: dict[str, Any]) -> list[str]:
    parts = [*shape.get("members", {}).values(), *(shape[p] for p in ("member", "key", "value") if p in shape)]
    return [part["shape"] for part in parts]


def only(node: dict[str, Any], kind: str) -> dict[str, Any]:
    return {k: v for k, v in node.items() if k in KEPT[kind]}


def lines_of(model: dict[str, Any]) -> str:
    """JSON with one operation or shape a line, so that a refresh reads well as a difference."""
    parts = []
    for key, value in model.items():
        if key in {"operations", "shapes"}:
            rows = ",\n".join(f"{json.dumps(n)}: {compact(v)}" for n, v in value.items())
            parts.append(f"{json.dumps(key)}: {{\n{rows}\n}}")
        else:
            parts.append(f"{json.dumps(key)}: {compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def notice() -> str:
    version = metadata.version("botocore")
    theirs = next(p for p in metadata.files("botocore") or [] if p.name == "NOTICE")
    # What follows the rule is about code that botocore brings along, none of which is here.
    ours, _, _ = theirs.read_text().partition("----")
    return NOTICE_HEAD.format(version=version) + ours.strip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
