"""`kumoi test`: what a word runs, and that nothing run is never success."""

from pathlib import Path

from kumoi.cmd.test import NO_TESTS, counted, divided, kinds_of

RESULTS = """<testsuites><testsuite tests="7" failures="1" errors="2" skipped="3" time="1.5"/>
</testsuites>"""


def test_all_leaves_out_soak_only() -> None:
    assert kinds_of("all") == ["unit", "usecase", "machines", "contract", "conformance", "browser", "e2e"]


def test_unit_brings_the_use_cases() -> None:
    assert kinds_of("unit") == ["unit", "usecase"]


def test_paths_are_told_from_options(clone: Path) -> None:
    words = ("-k", "power", "tests/unit/cmd/test_test.py::test_paths", "tests/usecase", "--durations=3")
    assert divided(clone, words) == (["-k", "power", "--durations=3"], [words[2], words[3]])


def test_skipped_tests_do_not_count_as_run(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text(RESULTS)
    outcome = counted("unit", 1, results)
    assert (outcome.tests, outcome.failed, outcome.skipped) == (4, 3, 3)
    assert outcome.word == "FAILED"


def test_a_run_without_results_has_failed(tmp_path: Path) -> None:
    assert counted("unit", 0, tmp_path / "none.xml").word == "FAILED"
    assert counted("unit", NO_TESTS, tmp_path / "none.xml").word == "none"
