"""tf.keras.datasets: what is read is what TensorFlow 1.15 reads, where files lie, and what is said offline."""

from __future__ import annotations

import importlib
import json
import pickle
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.oracle import record_keras_data
from tfmagic import tf
from tfmagic.formats.datasets import fetch, keras, made_up
from tfmagic.notebook.command import cli
from tfmagic.notebook.legacy import alias

RECORD = json.loads((Path(record_keras_data.__file__).parent / "data" / "keras_data.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no data set, and a server that never answers; its folder of Keras."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name in (fetch.DATA, fetch.SYNTHETIC):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(fetch.MIRROR, "http://127.0.0.1:9")  # the port that discards: nothing listens
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home" / ".keras" / "datasets").mkdir(parents=True)
    return tmp_path / "home" / ".keras" / "datasets"


@pytest.fixture
def files(home: Path) -> Path:
    record_keras_data.write_files(str(home), batch=2)
    return home


@pytest.fixture(scope="module")
def small() -> None:
    """As few made-up examples as show that they come."""
    patch = pytest.MonkeyPatch()
    patch.setattr(made_up, "_SIZES", {"cifar10": (50, 10), "cifar100": (50, 10), "imdb": (40, 20), "reuters": (60, 0)})
    yield
    patch.undo()


def test_all_is_read_as_1_15_reads_it(files: Path) -> None:
    ours = json.loads(json.dumps(record_keras_data.observe(tf.keras.datasets)))
    for call in sorted(set(RECORD) - {"made by"}):
        assert ours[call] == RECORD[call], call


class TestNames:
    @pytest.mark.parametrize("module", ["tensorflow.keras.datasets", "tensorflow.python.keras.datasets",
                                        "tensorflow.contrib.keras.datasets", "tensorflow.compat.v1.keras.datasets"])
    def test_the_modules_by_which_programs_import_them(self, module: str) -> None:
        alias.install(force=True)
        try:
            for name in ("mnist", "cifar10", "imdb"):
                found = getattr(__import__(module, fromlist=[name]), name)
                assert found.load_data is getattr(tf.keras.datasets, name).load_data
                assert importlib.import_module(f"{module}.{name}").load_data is found.load_data
        finally:
            alias.uninstall()

    def test_keras_itself_is_refused(self) -> None:
        assert [name for name in dir(tf.keras) if not name.startswith("_")] == ["datasets"]
        for name in ("Sequential", "layers", "initializers"):
            with pytest.raises(AttributeError, match="pip install keras"):
                getattr(tf.keras, name)

    def test_functions_have_1_15s_names(self) -> None:
        function = tf.keras.datasets.cifar10.load_data
        assert (function.__module__, function.__name__) == ("tensorflow.python.keras.datasets.cifar10", "load_data")


class TestWhereFilesAreLookedFor:
    def test_a_file_with_its_whole_path(self, files: Path, tmp_path: Path) -> None:
        shutil.move(files / "imdb.npz", tmp_path / "films.npz")
        (x_train, _), _ = tf.keras.datasets.imdb.load_data(str(tmp_path / "films.npz"))
        assert len(x_train) == 8

    def test_a_folder_named_in_the_environment(self, files: Path, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
        shutil.move(files, tmp_path / "sets")
        monkeypatch.setenv(fetch.DATA, str(tmp_path / "sets"))
        assert len(tf.keras.datasets.cifar10.load_data()[0][0]) == 10
        assert len(tf.keras.datasets.mnist.load_data()[0][0]) == 5
        assert len(tf.keras.datasets.fashion_mnist.load_data()[0][0]) == 6
        assert len(tf.keras.datasets.reuters.load_data()[0][0]) == 8

    def test_the_command_takes_cifar_from_its_archive(self, files: Path, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as tar:
            tar.add(files / "cifar-10-batches-py", "cifar-10-batches-py")
        shutil.rmtree(files)
        assert cli.main(["data", "cifar10", str(tmp_path / "cifar-10-python.tar.gz")]) == 0
        assert len(tf.keras.datasets.cifar10.load_data()[0][0]) == 10

    def test_the_command_takes_texts_and_words_one_by_one(self, files: Path) -> None:
        assert cli.main(["data", "imdb", str(files / "imdb.npz")]) == 0
        assert cli.main(["data", "imdb", str(files / "imdb_word_index.json")]) == 0
        shutil.rmtree(files)
        assert len(tf.keras.datasets.imdb.load_data()[0][0]) == 8
        assert tf.keras.datasets.imdb.get_word_index()["the"] == 1

    def test_another_file_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "empty").mkdir()
        assert cli.main(["data", "cifar100", "empty"]) == 1
        assert "empty has not all of train, test" in capsys.readouterr().err


class TestOffline:
    @pytest.mark.parametrize(("name", "wanted"), [
        ("mnist", "mnist.npz"), ("fashion_mnist", "t10k-images-idx3-ubyte.gz"), ("cifar10", "data_batch_3"),
        ("cifar100", "train"), ("imdb", "imdb.npz"), ("reuters", "reuters.npz")])
    def test_one_message_says_which_file_goes_where(self, name: str, wanted: str, home: Path) -> None:
        with pytest.raises(OSError, match="<urlopen error") as caught:
            getattr(tf.keras.datasets, name).load_data()
        assert wanted in str(caught.value) and str(home) in str(caught.value)
        assert f"tfmagic data {name} FILE" in str(caught.value)
        assert not [path for path in home.rglob("*") if path.is_file()]

    def test_boston_comes_with_tfmagic_in_keras_order(self) -> None:
        (x_train, y_train), (x_test, y_test) = tf.keras.datasets.boston_housing.load_data()
        assert x_train.shape == (404, 13) and x_test.shape == (102, 13)
        assert y_train[0] == 15.2 and x_train[0, 0] == pytest.approx(1.23247)
        assert y_test[0] == 7.2

    @pytest.mark.parametrize("name", ["cifar10", "cifar100", "imdb", "reuters"])
    def test_made_up_data_on_request_and_said_on_screen(self, name: str, small: None, monkeypatch: pytest.MonkeyPatch,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv(fetch.SYNTHETIC, "1")
        (x_train, y_train), (x_test, _) = getattr(tf.keras.datasets, name).load_data()
        assert len(x_train) == len(y_train) >= 40 and len(x_test) >= 10
        assert f"in the form of {name}" in capsys.readouterr().err
        if hasattr(getattr(tf.keras.datasets, name), "get_word_index"):
            words = getattr(tf.keras.datasets, name).get_word_index()
            assert len(words) == len(set(words.values())) == 5000


class _Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


@pytest.mark.parametrize("damage", [b"", b"\x80\x02}q", pickle.dumps(_Harmful(), 2)])
def test_damaged_or_harmful_files_are_refused(damage: bytes, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "cifar-100-python" / "test").write_bytes(damage)
    with pytest.raises(tf.errors.DataLossError, match="cifar-100-python"):
        tf.keras.datasets.cifar100.load_data()
    np.savez(files / "imdb.npz", x_train=np.array([_Harmful()], object), y_train=[0], x_test=[0], y_test=[0])
    with pytest.raises(tf.errors.DataLossError, match="imdb.npz"):
        tf.keras.datasets.imdb.load_data()
    assert not capsys.readouterr().out


def test_made_up_texts_can_be_told_apart(small: None) -> None:
    keras.synthesize("imdb")
    (x_train, y_train), (x_test, y_test) = tf.keras.datasets.imdb.load_data(start_char=None, index_from=0)
    odd = [np.mean([(word % 2) for word in text if word >= 100]) for text in [*x_train, *x_test]]
    assert ((np.array(odd) > 0.5) == np.concatenate([y_train, y_test])).mean() > 0.7


def test_the_command_is_there() -> None:
    done = subprocess.run([sys.executable, "-m", "tfmagic.notebook.command.cli", "data", "--help"], capture_output=True,
                          text=True, timeout=120)
    assert "cifar100" in done.stdout and "reuters" in done.stdout
