"""The page of the benchmark: what a run measured takes the place of the same rows of other runs, the rest stays."""

import pytest

from benchmarks import report

NAMES = {"tensorflow": "tensorflow 2.21.0", "tensorflow1": "tensorflow 1.15.0"}
ORDER = ["a run", "a step"]


def row(what, peer, ratio, own="tfmagic"):
    return {"what": what, "own": own, "peer": peer, "tfmagic_us": 10.0, "peer_us": 10.0 * ratio, "ratio": ratio,
            "target": None}


def write(*rows, part="ratios", names=NAMES, order=ORDER):
    report.write_ratios(part, part, list(rows), names, order)


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "performance.md"
    monkeypatch.setattr(report, "PAGE", path)
    return path


def ratios(page):
    lines = [line.strip("| ").split(" | ") for line in page.read_text("utf-8").splitlines() if line.startswith("| a ")]
    return [(what, against, ratio) for what, against, _, _, ratio, *_ in lines]


def test_a_row_takes_the_place_of_the_same_one_and_others_stay_in_their_order(page):
    write(row("a step", "tensorflow1", 2), row("a step", "tensorflow", 3))
    write(row("a run", "tensorflow1", 4), row("a step", "tensorflow1", 5))
    assert ratios(page) == [("a run", "tensorflow 1.15.0", "4.00"), ("a step", "tensorflow 1.15.0", "5.00"),
                            ("a step", "tensorflow 2.21.0", "3.00")]


def test_a_newer_version_of_a_framework_takes_the_place_of_the_older_one_but_not_of_another_framework(page):
    write(row("a run", "tensorflow1", 2), row("a run", "tensorflow", 3))
    write(row("a run", "tensorflow", 4), names={"tensorflow": "tensorflow 2.22.0"})
    assert ratios(page) == [("a run", "tensorflow 1.15.0", "2.00"), ("a run", "tensorflow 2.22.0", "4.00")]


def test_what_is_compiled_has_rows_of_its_own(page):
    write(row("a run", "tensorflow1", 2), row("a run", "tensorflow1", 3, "tfmagic --jit"))
    assert [what for what, *_ in ratios(page)] == ["a run", "a run, compiled"]


def test_what_is_measured_no_more_goes(page):
    write(row("a thing", "tensorflow1", 2), order=["a thing"])
    write(row("a run", "tensorflow1", 2))
    assert [what for what, *_ in ratios(page)] == ["a run"]


def test_other_parts_of_the_page_stay(page):
    write(row("a run", "tensorflow1", 2))
    write(row("a step", "tensorflow1", 3), part="busy")
    assert ratios(page) == [("a run", "tensorflow 1.15.0", "2.00"), ("a step", "tensorflow 1.15.0", "3.00")]
    assert page.read_text("utf-8").count("Measured on") == 2
