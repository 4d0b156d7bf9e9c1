"""The cloud machine, as often as a change can bear; `./kumoi test soak` runs it for longer."""

from hypothesis import settings
from tests.machines.cloud_machine import CloudMachine

TestCloud = CloudMachine.TestCase
TestCloud.settings = settings(max_examples=100, stateful_step_count=30, deadline=None, derandomize=True)
