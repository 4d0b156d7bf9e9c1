"""The exporter's contract, the same for every driver."""

import threading

from msgspec.structs import replace
from tests.contract.exports.rigs import Rig, export, new_volume, other_end


def test_only_who_is_let_in_reaches_it(rig: Rig) -> None:
    volume, other, one = new_volume(rig), new_volume(rig), export()
    remote = other_end(rig, volume, one)
    assert rig.exporter.observe() == {}
    assert not rig.reaches(remote, volume)
    rig.exporter.offer(volume, rig.pool.handle(volume), [one])
    assert rig.exporter.observe() == {volume: {one.user}}
    assert rig.reaches(remote, volume)
    for wrong in (
        replace(remote, secret="f" * 32),
        replace(remote, user="nobody"),
        replace(remote, initiator=f"{remote.initiator}-too"),
        replace(remote, target=other_end(rig, other, one).target),
    ):
        assert not rig.reaches(wrong, volume), wrong


def test_exactly_those_that_are_named_last(rig: Rig) -> None:
    volume, first, second = new_volume(rig), export("host-b"), export("host-c")
    handle = rig.pool.handle(volume)
    for _ in range(2):
        rig.exporter.offer(volume, handle, [first])
    rig.exporter.offer(volume, handle, [second])
    assert rig.exporter.observe() == {volume: {second.user}}
    assert not rig.reaches(other_end(rig, volume, first), volume)
    assert rig.reaches(other_end(rig, volume, second), volume)
    for _ in range(2):
        rig.exporter.offer(volume, handle, [])
    assert rig.exporter.observe() == {}
    assert not rig.reaches(other_end(rig, volume, second), volume)


def test_each_volume_has_a_target_of_its_own(rig: Rig) -> None:
    volumes = [new_volume(rig) for _ in range(3)]
    ends = {volume: export() for volume in volumes}
    for volume, one in ends.items():
        rig.exporter.offer(volume, rig.pool.handle(volume), [one])
    rig.exporter.offer(volumes[0], rig.pool.handle(volumes[0]), [])
    assert rig.exporter.observe() == {volume: {ends[volume].user} for volume in volumes[1:]}
    assert rig.reaches(other_end(rig, volumes[2], ends[volumes[2]]), volumes[2])


def test_the_next_agent_finds_what_is_offered(rig: Rig) -> None:
    volume, one = new_volume(rig), export()
    rig.exporter.offer(volume, rig.pool.handle(volume), [one])
    rig.reopen()
    assert rig.exporter.observe() == {volume: {one.user}}
    rig.exporter.offer(volume, rig.pool.handle(volume), [])
    assert rig.exporter.observe() == {}


def test_what_dies_is_told_of_and_offered_anew(rig: Rig) -> None:
    volume, one, gone = new_volume(rig), export(), threading.Event()
    rig.exporter.watch(gone.set)
    rig.exporter.offer(volume, rig.pool.handle(volume), [one])
    rig.die()
    assert gone.wait(60.0)
    assert rig.exporter.observe() == {}
    rig.exporter.offer(volume, rig.pool.handle(volume), [one])
    assert rig.reaches(other_end(rig, volume, one), volume)
