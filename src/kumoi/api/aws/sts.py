"""STS: who am I?"""

from functools import partial

from kumoi.api.aws.actions import Action, Values, query_tongue
from kumoi.api.aws.keys import HouseKeys
from kumoi.api.edge.request import Request
from kumoi.api.edge.routes import Tongue
from kumoi.app.house import House
from kumoi.app.identity.people import project


def tongue(house: House) -> Tongue:
    """Mounted at /sts."""
    return query_tongue("sts", "/sts", actions(house), HouseKeys(house), frozenset({house.rules.region}))


def actions(house: House) -> list[Action]:
    return [Action("GetCallerIdentity", partial(caller, house), "identity.read_own")]


def caller(house: House, request: Request, _wish: Values) -> Values:
    call = request.call()
    account = project(house, call, call.project_id).account
    return {
        "UserId": call.actor.user_id,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:user/{call.actor.user_name}",
    }
