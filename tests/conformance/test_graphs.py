"""Every recorded program gives TensorFlow's graph node for node in order, its collections, reprs, facts and values."""

import warnings

import pytest
from oracle.difference import GRAPHS, open_differences, program_differences
from oracle.programs import load

PROGRAMS = load()
OPEN = open_differences()


def parametrised():
    return [pytest.param(name, marks=pytest.mark.xfail(reason=OPEN[name], strict=True)) if name in OPEN else name
            for name in PROGRAMS]


@pytest.mark.parametrize("name", parametrised())
def test_program_is_tensorflows(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problems = program_differences(name)
    assert not problems, "\n".join(problems)


def test_every_program_is_recorded_and_every_record_has_its_program():
    assert {path.stem for path in GRAPHS.glob("*.json")} == set(PROGRAMS)


def test_every_open_difference_names_a_program_that_exists():
    assert {name for name in OPEN if not name.startswith("error ")} <= set(PROGRAMS)
