"""Generated from EC2's own actions: whose key may not, cannot. No signature of another project's member or of a reader
changes anything of ours, or is told of it. An action added tomorrow is tried as well.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import botocore.session
import msgspec
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.unit.api.edge.live_server import serving
from tests.usecase.cloud import Cloud

from kumoi.api.aws import sts
from kumoi.api.aws.actions import Action
from kumoi.api.aws.ec2 import tongue
from kumoi.api.edge.app import Edge
from kumoi.app import keypairs
from kumoi.app.identity import access_keys, people
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.networks.public_addresses import PublicWish, create_public_address
from kumoi.app.networks.security_groups import GroupWish, create_groups
from kumoi.app.volumes import create as volumes
from kumoi.app.volumes import snapshots
from kumoi.app.volumes.create import VolumeWish
from kumoi.contracts.store import Transaction
from kumoi.core.ids import FlavorId, ProjectId, UserId, ec2_id
from kumoi.core.policy import ACTIONS
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import Project, User

RULE: Final = {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 9, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
# What makes an action change something, where the model requires nothing.
MORE: Final[dict[str, dict[str, Any]]] = {
    "AuthorizeSecurityGroupEgress": {"IpPermissions": [RULE]},
    "AuthorizeSecurityGroupIngress": {"IpPermissions": [RULE]},
    "CreateTags": {"Tags": [{"Key": "k", "Value": "v"}]},
    "ModifyImageAttribute": {"Description": {"Value": "x"}},
    "ModifyNetworkInterfaceAttribute": {"Description": {"Value": "x"}},
    "ModifySubnetAttribute": {"MapPublicIpOnLaunch": {"Value": True}},
    "RunInstances": {"InstanceType": "m1.nano"},
}
HARMLESS: Final = frozenset({"DeleteKeyPair"})  # to delete what is not there is no error


class Guarded:
    """A cloud in which the demo project has one of everything, and EC2's tongue on a socket."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder, start=time.time())
        self.cloud.settle()
        self.session = botocore.session.Session()
        self.model = self.session.get_service_model("ec2")
        self.actions: list[Action] = tongue.actions(self.cloud.house)
        self.ids = self._things()
        self.app = Edge(
            [tongue.tongue(self.cloud.house), sts.tongue(self.cloud.house)],
            now=self.cloud.clock.now,
            new_id=self.cloud.chance.uuid,
        )

    def _things(self) -> dict[str, str]:
        """The demo project's, by EC2's name of a parameter."""
        house, mine = self.cloud.house, self.cloud.call()
        image_id = self.cloud.image(b"\1" * 4096)
        server = run.run(house, mine, RunWish(name="a", flavor_id=FlavorId("1"), image_id=image_id))[0]
        self.cloud.settle()
        group = create_groups(house, mine, (GroupWish(name="g"),))[0]
        pair, _ = keypairs.create(house, mine, "key", None)

        def rest(tx: Transaction) -> tuple[Any, Any, Any, Any]:
            image = tx.images.get(image_id)
            assert image is not None
            tx.images.save(msgspec.structs.replace(image, visibility="private"))
            nic = tx.nics.find(Query(filters=(eq("instance_id", server.id),)))[0]
            return (
                nic,
                tx.subnets.find(Query(filters=(eq("network_id", nic.network_id),)))[0],
                tx.vpcs.find(Query())[0],
                tx.networks.find(Query(filters=(eq("external", value=True),)))[0],
            )

        nic, subnet, vpc, outer = house.store.write(rest)
        public = create_public_address(house, mine, PublicWish(network_id=outer.id, nic_id=nic.id)).public
        return {
            "InstanceId": ec2_id("i", server.id),
            "ImageId": ec2_id("ami", image_id),
            "NetworkInterfaceId": ec2_id("eni", nic.id),
            "SubnetId": ec2_id("subnet", subnet.id),
            "VpcId": ec2_id("vpc", vpc.id),
            "GroupId": ec2_id("sg", group.group.id),
            "SecurityGroupId": ec2_id("sg", group.group.id),
            "SecurityGroupRuleId": ec2_id("sgr", group.rules[0].id),
            "AllocationId": ec2_id("eipalloc", public.id),
            "AssociationId": ec2_id("eipassoc", public.id),
            **self._disks(),
            "KeyPairId": ec2_id("key", pair.id),
        }

    def _disks(self) -> dict[str, str]:
        house, mine = self.cloud.house, self.cloud.call()
        volume = volumes.create(house, mine, VolumeWish(size_gib=1)).volume
        self.cloud.settle()
        snapshot = snapshots.create(house, mine, snapshots.SnapshotWish(volume_id=volume.id)).snapshot
        self.cloud.settle()
        return {"VolumeId": ec2_id("vol", volume.id), "SnapshotId": ec2_id("snap", snapshot.id)}

    def key(self, name: str, project: ProjectId, role: str) -> tuple[str, str]:
        house, admin = self.cloud.house, self.cloud.call(admin=True)
        made = people.create_user(house, admin, User(id=UserId(""), name=name, password_hash=""), "p")
        people.assign(house, admin, made.id, project, role)
        found, secret = access_keys.create(house, admin, made.id, project)
        return found.access, secret

    def client(self, url: str, key: tuple[str, str], service: str = "ec2") -> Any:
        return self.session.create_client(
            service,
            region_name="RegionOne",
            endpoint_url=f"{url}/{service}",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            config=Config(retries={"max_attempts": 0}),
        )

    def wish(self, action: Action, *, named: bool = True) -> dict[str, Any]:
        """The least that the model takes; `named`: with our things wherever it can name one."""
        shape = self.model.operation_model(action.name).input_shape
        found: dict[str, Any] = dict(MORE.get(action.name, {}))
        for name, member in shape.members.items():
            required = name in shape.required_members
            if name in self.ids and (named or required):
                found[name] = self.ids[name]
            elif name.removesuffix("s") in self.ids and (named or required):
                found[name] = [self.ids[name.removesuffix("s")]]
            elif name == "Resources":
                found[name] = [self.ids["InstanceId"]]
            elif required and name not in found:
                found[name] = least(member)
        if action.name == "AssociateAddress":
            del found["InstanceId"]  # one or the other
        return found

    def rows(self) -> list[Any]:
        """Everything of the demo project that a stranger could harm."""

        def read(tx: Transaction) -> list[Any]:
            mine = Query(filters=(eq("project_id", self.cloud.project),))
            kinds: tuple[Any, ...] = (
                tx.instances, tx.images, tx.networks, tx.subnets, tx.nics, tx.vpcs, tx.public_addresses,
                tx.security_groups, tx.security_rules, tx.key_pairs, tx.access_keys, tx.volumes, tx.volume_snapshots,
                tx.attachments,
            )  # fmt: skip
            things = [sorted(kind.find(mine), key=lambda row: row.id) for kind in kinds]
            instances = tuple(i.id for i in tx.instances.find(mine))
            return [*things, sorted(label.key for label in tx.labels.of("instance", instances))]

        return self.cloud.store.read(read)


def least(shape: Any) -> Any:
    """A value of a shape, with nothing that may be left out."""
    match shape.type_name:
        case "structure":
            return {name: least(shape.members[name]) for name in shape.required_members}
        case "list":
            return [least(shape.member)]
        case "string":
            return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
        case "blob":
            return b"x"
        case "boolean":
            return True
        case _:
            return 1


def ask(client: Any, action: Action, wish: dict[str, Any]) -> tuple[int, str]:
    """Status, and the refusal's code or the whole answer."""
    try:
        answer = getattr(client, xform_name(action.name))(**wish)
    except ClientError as e:
        return e.response["ResponseMetadata"]["HTTPStatusCode"], str(e.response["Error"]["Code"])
    return 200, str(answer)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = Guarded(tmp_path_factory.mktemp("guarded"))
    yield made
    made.cloud.close()


@pytest.fixture(scope="module")
def url(guarded: Guarded) -> Iterator[str]:
    with serving(guarded.app) as address:
        yield f"http://{address}"


@pytest.fixture(scope="module")
def stranger(guarded: Guarded) -> tuple[str, str]:
    """The key of another project's member."""
    wish = Project(id=ProjectId(""), account="", name="other")
    other = people.create_project(guarded.cloud.house, guarded.cloud.call(admin=True), wish)
    return guarded.key("stranger", other.id, "member")


def test_a_strangers_key_finds_and_harms_nothing_of_ours(guarded: Guarded, url: str, stranger: tuple[str, str]) -> None:
    before, client, wrong = guarded.rows(), guarded.client(url, stranger), {}
    ours = set(guarded.ids.values())
    for action in guarded.actions:
        wish = guarded.wish(action)
        status, said = ask(client, action, wish)
        names_ours = any(one in str(wish) for one in ours)
        if status >= 500 or (status == 200 and names_ours and action.name not in HARMLESS):
            wrong[action.name] = (status, said)
    assert wrong == {}
    assert guarded.rows() == before


def test_a_strangers_lists_have_nothing_of_ours(guarded: Guarded, url: str, stranger: tuple[str, str]) -> None:
    client, told = guarded.client(url, stranger), {}
    for action in guarded.actions:
        if action.name.startswith("Describe"):
            wish = guarded.wish(action, named=False)
            if not any(one in str(wish) for one in guarded.ids.values()):
                status, said = ask(client, action, wish)
                if status != 200 or any(one in said for one in guarded.ids.values()):
                    told[action.name] = (status, said)
    assert told == {}


def test_a_readers_key_writes_nothing(guarded: Guarded, url: str) -> None:
    client, let_through = guarded.client(url, guarded.key("reader", guarded.cloud.project, "reader")), {}
    before = guarded.rows()
    for action in guarded.actions:
        if ACTIONS[action.action] not in {"any", "reader"}:
            status, said = ask(client, action, guarded.wish(action))
            if not 400 <= status < 500:
                let_through[action.name] = (status, said)
    assert let_through == {}
    assert guarded.rows() == before


def test_sts_tells_each_key_its_own_account(guarded: Guarded, url: str, stranger: tuple[str, str]) -> None:
    account = guarded.client(url, stranger, "sts").get_caller_identity()["Account"]
    ours = guarded.cloud.store.read(lambda tx: tx.projects.get(guarded.cloud.project))
    assert ours is not None
    assert account != ours.account
