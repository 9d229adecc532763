"""Wrong input raises TensorFlow's class, says what TensorFlow says, and leaves the session usable."""

import json
import warnings
from pathlib import Path

import pytest
from oracle.errors import load, observe
from oracle.meant_differences import ERRORS

from tfmagic import tf

RECORDED = json.loads((Path(__file__).resolve().parents[1] / "oracle" / "data" / "errors.json").read_text())
CASES = load()
XFAIL: dict[str, str] = {}


def parametrised():
    return [pytest.param(name,
                         marks=pytest.mark.xfail(reason=XFAIL[name], strict=True)) if name in XFAIL else name
            for name in CASES]


@pytest.mark.parametrize("name", parametrised())
def test_wrong_input_is_refused_as_tensorflow_does(name):
    case = CASES[name]
    expected = {**RECORDED[name], **ERRORS.get(name, {})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raised, alive = observe(tf, case)
    assert raised is not None, f"nothing was raised; TensorFlow: {expected['class']}: {expected['message']}"
    says = f"{type(raised).__name__}: {raised}\nTensorFlow: {expected['class']}: {expected['message']}"
    assert expected["class"] in {c.__name__ for c in type(raised).__mro__}, says
    missing = [word for word in case.words if word.lower() not in str(raised).lower()]
    assert not missing, f"the message lacks {missing}\n{says}"
    if expected["node"] is not None:
        node = getattr(getattr(raised, "op", None), "name", None)
        assert node == expected["node"], f"node {node}, expected {expected['node']}\n{says}"
    assert alive is not False, f"the session does not answer any more after\n{says}"


def test_every_case_is_recorded():
    assert set(RECORDED) - {"recorded_from"} == set(CASES)
