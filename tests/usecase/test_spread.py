"""How far a change of the plan has come, as the hosts' own questions say."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.hosts.spread import spread
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.core.errors import Forbidden
from kumoi.core.ids import HostId, SectionKey, SessionId, network_section
from kumoi.core.plan import FetchAsk


def ask(host: str, section: SectionKey, serial: int) -> FetchAsk:
    return FetchAsk(host_id=HostId(host), session=SessionId("s"), epoch=1, have={section: serial}, wait_s=0.0)


def test_a_change_has_spread_when_the_last_host_asks_for_what_is_newer(tmp_path: Path) -> None:
    with closing(Cloud(tmp_path)) as cloud:
        network = create_networks(cloud.house, cloud.call(), (NetworkWish(),))[0].network
        cloud.control_only()
        section, admin = network_section(network.id), cloud.call(admin=True)
        assert spread(cloud.house, admin, section).holding == 0
        serial = spread(cloud.house, admin, section).serial
        cloud.house.holdings.note((ask("a", section, serial), ask("b", section, serial - 1)), 10.0)
        found = spread(cloud.house, admin, section)
        assert (found.holding, found.behind, found.reached_at) == (1, ("b",), None)
        cloud.house.holdings.note((ask("a", section, serial), ask("b", section, serial)), 12.0)
        cloud.house.holdings.note((ask("a", section, serial), ask("b", section, serial)), 99.0)
        found = spread(cloud.house, admin, section)
        assert (found.holding, found.behind, found.reached_at) == (2, (), 12.0)
        with pytest.raises(Forbidden):
            spread(cloud.house, cloud.call(), section)
