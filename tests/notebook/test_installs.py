"""Install lines of old notebooks: TensorFlow left out, all else kept."""

from __future__ import annotations

import pytest

from tfmagic.notebook.legacy.installs import rewrite


@pytest.mark.parametrize(("command", "left"), [
    ("pip install --quiet tensorflow==1.15.3", ""),
    ("pip install tensorflow-gpu==1.14 matplotlib tf-estimator-nightly", "pip install matplotlib"),
    ("pip3 install --upgrade tf-nightly", ""),
    ("{sys.executable} -m pip install 'tensorflow>=1.15,<2' scipy", "{sys.executable} -m pip install scipy"),
    ("pip install -U tensorflow && pip install keras", "pip install keras"),
    ("pip install tensorflow | tail -1", ""),
    ("pip install tensorflow==1.15 > /dev/null 2>&1", ""),
    ("pip install -r requirements.txt tensorflow", "pip install -r requirements.txt"),
    ("conda install -y -c conda-forge tensorflow=1.15", ""),
    ("pip uninstall -y tensorflow", ""),
    ("pip install tensorflow==1.15 # the old one", ""),
])
def test_tensorflow_is_taken_out(command: str, left: str) -> None:
    found = rewrite(command)
    assert found is not None and found.command == left and found.dropped


@pytest.mark.parametrize("command", ["pip install numpy", "pip install tensorflow-datasets tensorflow_hub", "ls",
                                     "echo pip install tensorflow", "pip list", "git clone tensorflow"])
def test_other_commands_are_not_ours(command: str) -> None:
    assert rewrite(command) is None


@pytest.mark.parametrize(("command", "two"), [
    ("pip install tensorflow==2.3", True), ("pip install tf-nightly-2.0-preview", True),
    ("pip install 'tensorflow>=2.0'", True), ("pip install tensorflow==1.15", False),
    ("pip install tensorflow", False), ("pip install 'tensorflow<2'", False)])
def test_a_wish_for_tensorflow_2_is_noticed(command: str, two: bool) -> None:
    found = rewrite(command)
    assert found is not None and found.asks_for_2 is two
    assert ("TensorFlow 2" in found.message()) is two
