"""Ops and programs give TensorFlow's values on a GPU too: this machine's, or one that is only pretended."""

import contextlib
import warnings

import pytest
import torch
from oracle.difference import program_differences
from oracle.meant_differences import meant_parts
from oracle.op_differences import differences, is_meant, rows
from oracle.programs import load
from oracle.samples import sampled_ops
from pretended_gpus import pretended_gpus

from tfmagic.session.tiers import capturable, cuda_graphs


@pytest.fixture(autouse=True)
def _gpu():
    with contextlib.nullcontext() if torch.cuda.is_available() else pretended_gpus():
        yield


@pytest.fixture
def captured(monkeypatch):
    """Every call that may be is captured when it runs first, and what is given is what a second replay gives."""
    refused = []
    call = cuda_graphs.CapturedRegion._call

    def twice(region, *values):
        call(region, *values)
        return call(region, *values)

    monkeypatch.setattr(cuda_graphs, "_RUNS", 1)
    monkeypatch.setattr(capturable, "_is_worth", lambda region: True)
    monkeypatch.setattr(cuda_graphs.CapturedRegion, "_call", twice)
    monkeypatch.setattr(cuda_graphs.CapturedRegion, "_refuse", lambda region, failure: refused.append(failure))
    yield
    assert not refused, "a call waits that `capturable` does not know"


def op_differences(name, count=None):
    """Lines for the recorded samples of an op (its first `count`) that give values, run on a GPU.

    Wrong indices are left out: on a GPU TensorFlow does not look at them.
    """
    meant = meant_parts("op", name)
    right = [row for row in rows(name) if "outputs" in row and not is_meant(row, meant)]
    return [line for row in right[:count] for line in differences(name, row, meant, "/gpu:0")]


@pytest.mark.parametrize("name", sampled_ops())
def test_op_does_the_same_on_a_gpu(name):
    lines = op_differences(name, 1)
    assert not lines, "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", sampled_ops())
def test_op_does_the_same_on_a_gpu_for_every_sample(name):
    lines = op_differences(name)
    assert not lines, "\n".join(lines[:8])


@pytest.mark.slow
@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("name", sampled_ops())
def test_op_does_the_same_in_a_cuda_graph(name):
    lines = op_differences(name)
    assert not lines, "\n".join(lines[:8])


# A GPU has another limit, and does not look at indices.
PROGRAMS = sorted(set(load()) - {"contrib_memory_limit", "refused_while_they_run"})


def quiet_differences(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return program_differences(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_does_the_same_on_a_gpu(name):
    problems = quiet_differences(name)
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_does_the_same_in_cuda_graphs(name):
    problems = quiet_differences(name)
    assert not problems, "\n".join(problems)
