"""The cloud's rule machine: the same 50 sequences each time; a hunt for a planted fault takes more."""

import os

import pytest
from hypothesis import Phase, settings
from tests.machines.cloud_machine import CloudMachine

# A hunt for a planted fault stops at the first find and explains nothing.
HUNT = "KUMOI_TEST_HUNT" in os.environ

TestCloud = pytest.mark.timeout(300)(CloudMachine.TestCase)
TestCloud.settings = settings(
    max_examples=200 if HUNT else 50,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate] if HUNT else list(Phase),
    report_multiple_bugs=not HUNT,
    database=None,
)
