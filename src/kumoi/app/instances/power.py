"""Power: start, stop, reboot. Each changes the wish and its counters; the host follows."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.acting import act
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance


def start(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Wish it on. WrongState unless it is off (`strict` False: nothing to do is no error, EC2's way)."""

    def change(_tx: Transaction, one: Instance) -> Instance:
        return replace(one, power="on", run_wanted=one.run_wanted + 1)

    return act(house, call, instance_id, "start", change, strict=strict)


def stop(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Wish it off; the guest is asked first, its power is cut after the host's deadline."""

    def change(_tx: Transaction, one: Instance) -> Instance:
        return replace(one, power="off", rest="")

    return act(house, call, instance_id, "stop", change, strict=strict)


def reboot(house: House, call: Call, instance_id: InstanceId, *, hard: bool) -> Instance:
    """Wish one more reboot. A hard one also brings back an instance that is off, at rest or in error."""

    def change(_tx: Transaction, one: Instance) -> Instance:
        if one.power == "off":
            return replace(one, power="on", run_wanted=one.run_wanted + 1)
        return replace(one, rest="", reboot_wanted=one.reboot_wanted + 1, reboot_hard=hard)

    return act(house, call, instance_id, "hard_reboot" if hard else "reboot", change)
