"""The log: one JSON object a line, whoever speaks."""

import json
import subprocess
import sys
from pathlib import Path

from kumoi.runtime import log

PROGRAM = """
import logging
from kumoi.runtime import log
log.configure("probe", "info")
log.bind(request_id="req-1")
log.get(noun="host").info("seen", n=3)
log.get().debug("not shown")
logging.getLogger("lib").warning("careful %s", "now")
try:
    1 / 0
except ZeroDivisionError:
    log.get().exception("broke")
"""


def test_every_line_is_json_with_the_request() -> None:
    environ = {"PYTHONPATH": str(Path(log.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True)
    seen, careful, broke = (json.loads(line) for line in done.stderr.splitlines())
    assert seen["event"] == "seen"
    assert (seen["n"], seen["noun"], seen["program"], seen["level"]) == (3, "host", "probe", "info")
    assert all(line["request_id"] == "req-1" for line in (seen, careful, broke))
    assert careful["event"] == "careful now"
    assert "ZeroDivisionError" in broke["exception"]
