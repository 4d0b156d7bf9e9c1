"""The log: one JSON object a line, whoever speaks."""

import json
import subprocess
import sys

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


def test_every_line_is_json_with_the_request(tmp_path: object) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    seen, careful, broke = (json.loads(line) for line in done.stderr.splitlines())
    assert seen["event"] == "seen"
    assert (seen["n"], seen["noun"], seen["program"], seen["level"]) == (3, "host", "probe", "info")
    assert all(line["request_id"] == "req-1" for line in (seen, careful, broke))
    assert careful["event"] == "careful now"
    assert "ZeroDivisionError" in broke["exception"]
