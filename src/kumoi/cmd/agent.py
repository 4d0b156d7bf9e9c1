"""The agent process: the hands of one host, or of many simulated ones."""

import argparse
import signal
from pathlib import Path

from kumoi.runtime import log, settings


def main() -> None:
    """`--state DIR`; returns at SIGTERM. Guests go on without it."""
    parser = argparse.ArgumentParser(prog="kumoi agent")
    parser.add_argument("--state", type=Path, required=True)
    chosen = settings.load(parser.parse_args().state)
    log.configure("agent", chosen.log.level)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    from kumoi.cmd.wiring.agent import agent

    running = agent(chosen)
    running.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    running.stop()


if __name__ == "__main__":
    main()
