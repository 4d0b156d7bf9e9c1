"""The agent process: the hands of one host, or of many simulated ones."""

import argparse
import signal
from pathlib import Path

from kumoi.agent.agent import Agent
from kumoi.agent.simulator import Simulator
from kumoi.runtime import log, settings
from kumoi.runtime.settings import Settings


def main() -> None:
    """`--state DIR`; returns at SIGTERM. Guests go on without it."""
    parser = argparse.ArgumentParser(prog="kumoi agent")
    parser.add_argument("--state", type=Path, required=True)
    chosen = settings.load(parser.parse_args().state)
    log.configure("agent", chosen.log.level)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    running = _assembled(chosen)
    running.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    running.stop()


def _assembled(chosen: Settings) -> Agent | Simulator:
    # Each wiring brings its own adapters: a simulated cloud needs no libvirt.
    if chosen.cloud.simulate:
        from kumoi.cmd.wiring.simulator import simulator

        return simulator(chosen)
    from kumoi.cmd.wiring.agent import agent

    return agent(chosen)


if __name__ == "__main__":
    main()
