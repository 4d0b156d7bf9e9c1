"""A rule machine's hunt for one planted fault: `python -m tests.machines.hunt MODULE:MACHINE EXAMPLES`.

It stops at the first find and explains nothing; its exit code says what it came to. The dice are the same each time:
a fault that is found here is found everywhere, and one that is missed is missed before it is landed. `mutants` starts
it with a fixed hash seed for the same reason. It goes without pytest, which takes longer to start than a fault to find.
"""

import importlib
import sys
import traceback

from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

FOUND, NOT_FOUND = 10, 11  # whatever else it ends with is trouble: no module, dice that fall otherwise the next time


def hunt(machine: type[RuleBasedStateMachine], examples: int) -> int:
    quick = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=quick)
    except HypothesisException:
        raise
    except Exception:  # noqa: BLE001 - whatever it trips over is a find
        traceback.print_exc()
        return FOUND
    return NOT_FOUND


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    sys.exit(hunt(getattr(importlib.import_module(module), name), int(sys.argv[2])))
