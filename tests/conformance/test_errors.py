"""Wrong input raises TensorFlow's class with TensorFlow's first line, and leaves the session usable."""

import json
import warnings

import pytest
from oracle.difference import HERE, error_differences
from oracle.errors import load
from oracle.meant_differences import MEANT

RECORDED = json.loads((HERE / "data" / "errors.json").read_text())
CASES = load()


@pytest.mark.parametrize("name", CASES)
def test_wrong_input_is_refused_as_tensorflow_does(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problems = error_differences(name, RECORDED)
    assert not problems, "\n".join(problems)


def test_every_case_is_recorded():
    assert set(RECORDED) - {"recorded_from"} == set(CASES)


def test_the_list_of_meant_differences_stays_short():
    assert len(set(MEANT.values())) <= 10  # one reason may hold for a family of ops
