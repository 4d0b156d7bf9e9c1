"""One fake world behind every contract: product code, used by the simulator and the tests."""
