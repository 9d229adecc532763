"""Every recorded program gives TensorFlow's graph node for node in order, its collections, reprs, facts and values."""

import warnings

import pytest
from oracle.difference import GRAPHS, program_differences
from oracle.programs import load

PROGRAMS = load()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_tensorflows(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problems = program_differences(name)
    assert not problems, "\n".join(problems)


def test_every_program_is_recorded_and_every_record_has_its_program():
    assert {path.stem for path in GRAPHS.glob("*.json")} == set(PROGRAMS)
