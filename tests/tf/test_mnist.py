"""The MNIST reader: batches as TensorFlow 1.15 hands them out, where files are looked for, and what is said offline."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.oracle import record_mnist
from tfmagic import tf
from tfmagic.formats.datasets import digits, fetch, idx
from tfmagic.formats.datasets import mnist as files
from tfmagic.tf import internal

READER = internal.module("tensorflow.contrib.learn.python.learn.datasets.mnist")
INPUT_DATA = tf.examples.tutorials.mnist.input_data
RECORD = json.loads((Path(record_mnist.__file__).parent / "data" / "mnist.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no data set, and a server that never answers."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name in (fetch.DATA, fetch.SYNTHETIC):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(fetch.MIRROR, "http://127.0.0.1:9")  # the port that discards: nothing listens
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "M").mkdir()
    record_mnist.write_files(str(tmp_path / "M"))
    return tmp_path / "M"


@pytest.fixture
def ours(folder: Path) -> dict[str, object]:
    return json.loads(json.dumps(record_mnist.observe(tf, INPUT_DATA, READER, str(folder))))


@pytest.mark.parametrize("what", sorted(set(RECORD) - {"made by"}))
def test_the_reader_is_that_of_1_15(what: str, ours: dict[str, object]) -> None:
    assert ours[what] == RECORD[what]


def test_what_is_read_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    INPUT_DATA.read_data_sets(str(folder), validation_size=0)
    assert capsys.readouterr().out.splitlines() == [f"Extracting {folder / name}" for name in files.FILES]


class TestWhereFilesAreLookedFor:
    @pytest.mark.parametrize("layout", ["plain", "dotted", "torchvision"])
    def test_other_layouts_of_the_folder_asked_for(self, layout: str, folder: Path) -> None:
        wanted = _first_image(folder)
        if layout == "torchvision":
            (folder / "MNIST" / "raw").mkdir(parents=True)
        for name in files.FILES:
            path = folder / name
            if layout == "torchvision":
                path.rename(folder / "MNIST" / "raw" / name)
                continue
            plain = name.removesuffix(".gz")
            (folder / (plain.replace("-idx", ".idx") if layout == "dotted" else plain)).write_bytes(
                gzip.decompress(path.read_bytes()))
            path.unlink()
        assert _first_image(folder) == wanted

    def test_a_folder_named_in_the_environment(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(fetch.DATA, str(folder))
        assert _first_image("nowhere") == _first_image(folder)

    def test_the_file_of_keras(self, folder: Path, home: Path) -> None:
        _write_npz(folder, home / ".keras" / "datasets" / "mnist.npz")
        assert _first_image("nowhere") == _first_image(folder)

    def test_another_data_set_is_never_taken_for_it(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(fetch.DATA, str(folder))
        with pytest.raises(fetch.DataSetNotFound):
            INPUT_DATA.read_data_sets("nowhere", source_url="http://127.0.0.1:9/letters/")

    @pytest.mark.parametrize("form", ["folder", "zip", "npz"])
    def test_the_command_takes_it_from_a_file(self, form: str, folder: Path, tmp_path: Path) -> None:
        source = folder
        if form == "zip":
            source = tmp_path / "m.zip"
            with zipfile.ZipFile(source, "w") as archive:
                for name in files.FILES:
                    archive.write(folder / name, f"deep/{name}")
        elif form == "npz":
            source = tmp_path / "m.npz"
            _write_npz(folder, source)
        done = _command("data", "mnist", str(source))
        assert done.returncode == 0, done.stderr
        assert _first_image("nowhere") == _first_image(folder)

    def test_a_folder_without_it_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        done = _command("data", "mnist", "empty")
        assert done.returncode == 1 and done.stderr.startswith("tfmagic: empty has not all of train-images")


class TestWithoutTheWeb:
    def test_one_message_says_which_files_go_where(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="<urlopen error") as caught:
            INPUT_DATA.read_data_sets("MNIST_data")
        text = str(caught.value)
        assert str(tmp_path / "MNIST_data") in text and all(name in text for name in files.FILES)
        assert "tfmagic data mnist --synthetic" in text and "0x" not in text
        assert not any(path.is_file() for path in (tmp_path / "MNIST_data").glob("*"))

    def test_made_up_digits_on_request_and_said_on_screen(self, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(files, "_SYNTHETIC", {"train": 300, "t10k": 40})
        monkeypatch.setenv(fetch.SYNTHETIC, "1")
        data = INPUT_DATA.read_data_sets("MNIST_data", one_hot=True, validation_size=50)
        assert [part.num_examples for part in data] == [250, 50, 40]
        assert "made-up digits" in capsys.readouterr().err

    def test_once_made_they_are_found_and_still_said(self, monkeypatch: pytest.MonkeyPatch,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(files, "_SYNTHETIC", {"train": 30, "t10k": 4})
        files.synthesize(files.MNIST)
        capsys.readouterr()
        assert INPUT_DATA.read_data_sets("MNIST_data", validation_size=5).train.num_examples == 25
        assert "made-up digits" in capsys.readouterr().err


class TestDamagedFiles:
    def test_every_cut_and_every_changed_byte_is_an_error_or_the_same_data(self, folder: Path) -> None:
        path = folder / "t10k-labels-idx1-ubyte.gz"
        whole = path.read_bytes()
        wanted = idx.read(path, 1).tolist()
        damaged = [whole[:n] for n in range(len(whole))]
        damaged += [whole[:n] + bytes([whole[n] ^ 0x55]) + whole[n + 1:] for n in range(len(whole))]
        for data in damaged:
            path.write_bytes(data)
            try:
                assert idx.read(path, 1).tolist() == wanted
            except (tf.errors.DataLossError, ValueError) as error:
                assert str(path) in str(error)

    def test_a_size_that_the_file_does_not_have_takes_no_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "x.gz"
        with gzip.open(path, "wb") as file:
            file.write(np.array([0x803, 1 << 30, 1 << 30, 1 << 30], ">u4").tobytes() + b"abc")
        with pytest.raises(tf.errors.DataLossError, match="it holds 3 bytes"):
            idx.read(path, 3)


def test_made_up_digits_can_be_learned() -> None:
    images, labels = digits.make(2000, 0)
    rows = images.reshape(len(images), -1) / 255.0
    weights = np.linalg.lstsq(rows[:1500], np.eye(10)[labels[:1500]], rcond=1e-3)[0]
    assert (np.argmax(rows[1500:] @ weights, 1) == labels[1500:]).mean() > 0.8
    assert np.array_equal(digits.make(2000, 0)[0], images)


def test_programs_import_it_as_they_always_did() -> None:
    code = ("from tfmagic.notebook.legacy import alias; alias.install(force=True)\n"
            "from tensorflow.examples.tutorials.mnist import input_data\n"
            "import tensorflow.examples.tutorials.mnist.input_data as same\n"
            "import tensorflow as tf\n"
            "from tensorflow.contrib.learn.python.learn.datasets.mnist import read_data_sets\n"
            "assert same.read_data_sets is read_data_sets is tf.examples.tutorials.mnist.input_data.read_data_sets\n")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def _first_image(folder: str | os.PathLike[str]) -> list[float]:
    return INPUT_DATA.read_data_sets(str(folder), validation_size=0).test.images[0].tolist()


def _write_npz(folder: Path, path: Path) -> None:
    arrays = [idx.read(folder / name, rank) for name, rank in files.FILES.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tfmagic.notebook.command.cli", *arguments], capture_output=True,
                          text=True, timeout=120)
