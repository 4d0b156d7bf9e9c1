"""The cloud's rule machine: 50 sequences; `--hypothesis-profile=explore` draws other ones each time."""

import pytest
from hypothesis import settings
from tests.machines.cloud_machine import CloudMachine

TestCloud = pytest.mark.timeout(1800)(CloudMachine.TestCase)
TestCloud.settings = settings(max_examples=50, stateful_step_count=30)
