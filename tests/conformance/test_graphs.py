"""Every recorded program gives TensorFlow's graph node for node, its collections, reprs, facts and values."""

import json
import warnings
from pathlib import Path

import pytest
from oracle.compare import node_differences, same, shorten, value_differences
from oracle.meant_differences import OTHER, expected_nodes
from oracle.observe import observe
from oracle.programs import load

from tfmagic import tf

DATA = Path(__file__).resolve().parents[1] / "oracle" / "data" / "graphs"
PROGRAMS = load()
XFAIL: dict[str, str] = {}


def parametrised():
    return [pytest.param(name,
                         marks=pytest.mark.xfail(reason=XFAIL[name], strict=True)) if name in XFAIL else name
            for name in PROGRAMS]


def recorded(name):
    return json.loads((DATA / f"{name}.json").read_text())


def report(title, lines, limit=30):
    """A readable failure text."""
    more = f"\n... and {len(lines) - limit} more" if len(lines) > limit else ""
    return f"{title}:\n" + "\n".join(lines[:limit]) + more


@pytest.mark.parametrize("name", parametrised())
def test_program_is_tensorflows(name):
    expected = recorded(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        actual = json.loads(json.dumps(observe(tf, PROGRAMS[name])))
    meant = OTHER.get(name, {})
    problems = []
    nodes = node_differences(expected_nodes(name, expected["nodes"]), actual["nodes"])
    if nodes and "nodes" not in meant:
        problems.append(report("nodes (- missing, + extra, ~ different)", nodes))
    for part in ("collections", "shown", "facts"):
        if part not in meant and not same(expected.get(part), actual.get(part)):
            problems.append(f"{part}: {shorten(actual.get(part))}\n  expected {shorten(expected.get(part))}")
    if "values" not in meant:
        values = value_differences(expected.get("values", []), actual.get("values", []))
        if values:
            problems.append(report("values", values))
    assert not problems, "\n".join(problems)


def test_every_program_is_recorded_and_every_record_has_its_program():
    assert {path.stem for path in DATA.glob("*.json")} == set(PROGRAMS)


def test_every_meant_difference_names_programs_that_exist():
    from oracle.meant_differences import GRAPHS

    assert {name for row in GRAPHS for name in row.programs} | set(OTHER) <= set(PROGRAMS)
