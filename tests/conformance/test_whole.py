"""Whole programs: their graphs are TensorFlow's, and the losses of their first steps within a thousandth."""

import json
import warnings
from pathlib import Path

import pytest
from oracle.whole import CHUNK, load, observe

from tfmagic import tf

RECORDS = json.loads((Path(__file__).parents[1] / "oracle" / "data" / "whole.json").read_text())
PROGRAMS = load()
LARGE = ("net_", "train_resnet")  # half a minute each on a slow machine


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name.startswith(LARGE) else [])
                                  for name in PROGRAMS])
def test_a_whole_program_is_tensorflows(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = observe(tf, PROGRAMS[name])
    wanted = RECORDS[name]
    assert found["nodes"] == wanted["nodes"]
    places = [place * CHUNK for place, (a, b) in enumerate(zip(found["digests"], wanted["digests"], strict=True))
              if a != b]
    assert not places, f"nodes {places[0]} to {places[0] + CHUNK - 1} differ, in {len(places)} places"
    assert found["collections"] == wanted["collections"]
    assert found.get("facts") == wanted.get("facts")
    assert found.get("losses", []) == pytest.approx(wanted.get("losses", []), rel=1e-3)


def test_every_whole_program_is_recorded():
    assert RECORDS.keys() - {"recorded_from"} == PROGRAMS.keys()
