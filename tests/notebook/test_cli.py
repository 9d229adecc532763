"""The `tfmagic` command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from shells import notebook_of

from tfmagic.notebook.command import cli, doctor, lab_extension, page, places
from tfmagic.view.paint import interactive
from tfmagic.view.paint.document import GRAPH_MIME

ROOT = Path(__file__).resolve().parents[2]


def tfmagic(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tfmagic.notebook.command.cli", *arguments], cwd=cwd,
                          capture_output=True, text=True, timeout=120)


def test_a_script_runs_as_python_would_run_it(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("VALUE = 4\n")
    (tmp_path / "script.py").write_text(
        "import sys, helper\nimport tensorflow as tf\n"
        "if __name__ == '__main__':\n"
        "    print(sys.argv, tf.Session().run(tf.constant(helper.VALUE) + 1))\n    sys.exit(3)\n")
    done = tfmagic("run", "script.py", "--device", "cpu", "data.csv", "--steps=2", cwd=tmp_path)
    assert done.stdout == "['script.py', 'data.csv', '--steps=2'] 5\n"
    assert done.returncode == 3


def test_a_scripts_traceback_starts_in_the_script(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def f():\n    return 1 / 0\nf()\n")
    done = tfmagic("run", "script.py", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert done.stderr.splitlines()[1] == '  File "script.py", line 3, in <module>'


def test_a_scripts_output_and_graph_become_a_page(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import tensorflow as tf\nx = tf.constant(1, name='only')\nprint('<hello>')\n")
    done = tfmagic("run", "script.py", "--html", "out.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.html").read_text("utf-8")
    assert "&lt;hello&gt;" in page and "<img" in page


def test_a_scripts_page_speaks_the_language_of_its_surroundings(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "script.py").write_text("import tensorflow as tf\ntf.placeholder(tf.float32)\n")
    monkeypatch.setenv("TFMAGIC_LANG", "pt")
    assert tfmagic("run", "script.py", "--html", "out.html", cwd=tmp_path).returncode == 0
    written = (tmp_path / "out.html").read_text("utf-8")
    assert '<html lang="pt">' in written and "Grafo de 1 operação" in written


def test_a_notebook_becomes_a_self_contained_page(tmp_path: Path) -> None:
    nbformat.write(notebook_of("%%graph --free\nround_trip = there + back"), tmp_path / "some.ipynb")
    done = tfmagic("run", "some.ipynb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "some.html").read_text("utf-8")
    assert "data:image/svg+xml" in page
    assert not [part for part in page.split("src=")[1:] if part[1:5] == "http"]


def test_a_failing_notebook_gives_a_page_and_a_failing_exit_code(tmp_path: Path) -> None:
    nbformat.write(notebook_of("1 / 0"), tmp_path / "some.ipynb")
    done = tfmagic("run", "some.ipynb", "--html", "page.html", cwd=tmp_path)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
    assert "ZeroDivisionError" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("language", places.INTRODUCTIONS)
def test_the_demo_writes_the_introduction_as_a_page(language: str, tmp_path: Path) -> None:
    done = tfmagic("demo", "--no-open", "--lang", language, "--html", "demo.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "demo.html").read_text("utf-8")
    cells = nbformat.read(places.introduction(language), as_version=4).cells
    figures = [output for cell in cells for output in cell.get("outputs", ())
               if "tfm-picture" in output.get("data", {}).get("text/html", "")]
    assert f'<html lang="{language}">' in page and f"<title>{cells[0].source.splitlines()[0][2:]}</title>" in page
    assert "Deprecated in favor of operator" in page and page.count('class="tfm-picture"') == len(figures) > 10
    drawings = [output for cell in cells for output in cell.get("outputs", ()) if GRAPH_MIME in output.get("data", {})]
    assert page.count('<script type="application/json">') == (len(drawings) if interactive.script() else 0)
    assert len(drawings) >= 9 and re.findall(r'(?:src|href)="(?!data:|#)[^"]*', page) == []


def test_a_page_is_light_or_dark_as_its_reader_is(tmp_path: Path) -> None:
    written = page.write(notebook_of("x = 1"), tmp_path / "page.html", "x").read_text("utf-8")
    parts = written.split('<style media="screen and (prefers-color-scheme: dark)">')
    assert [re.findall(r"--jp-layout-color0:\s*([^;]+);", part) for part in parts] == [["white"], ["#111"]]
    body = written[written.index("<body"):].removesuffix(interactive.closing() + "</body>\n</html>\n")
    assert "data-jp-theme-light" not in body, "no scheme is fixed for cards"


@pytest.mark.parametrize(("environment", "language"), [
    ({"LANG": "pt_BR.UTF-8"}, "pt"), ({"LANG": "en_GB.UTF-8"}, "en"), ({"LANG": "C.UTF-8"}, "en"), ({}, "en"),
    ({"LANG": "pt_PT", "LC_ALL": "de_CH.UTF-8"}, "en"), ({"LANG": "en_US.UTF-8", "LANGUAGE": "pt_BR:pt:en"}, "pt")])
def test_the_demo_speaks_the_language_of_its_surroundings(environment: dict[str, str], language: str,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TFMAGIC_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli._parser().parse_args(["demo"]).lang == language


def test_lab_without_jupyterlab_names_the_command_that_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "_has_lab", lambda: False)
    assert cli.main(["lab", str(tmp_path / "copies")]) == 1
    assert f"{sys.executable} -m pip install jupyterlab matplotlib notebook" in capsys.readouterr().err


def test_what_lab_needs_is_what_the_extra_brings() -> None:
    extra = re.search(r"^lab = \[(.*)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    pinned = (ROOT / "constraints.txt").read_text("utf-8")
    assert extra is not None and re.findall(r'"([\w-]+)', extra[1]) == list(places.LAB)
    assert all(f"\n{name}==" in pinned for name in places.LAB)
    assert "'.[lab]'" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("arguments", [["run", "missing.py"], ["run", "missing.ipynb"]])
def test_a_missing_file_is_said(arguments: list[str], tmp_path: Path) -> None:
    done = tfmagic(*arguments, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr == f"tfmagic: there is no file {arguments[1]}\n"


def test_a_missing_cuda_device_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "_has_cuda", lambda: False)
    (tmp_path / "script.py").write_text("print('ran')\n")
    assert cli.main(["run", str(tmp_path / "script.py"), "--device", "cuda"]) == 1
    assert "no CUDA device" in capsys.readouterr().err


def test_what_is_no_notebook_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.ipynb").write_text("{")
    done = tfmagic("run", "bad.ipynb", cwd=tmp_path)
    assert done.returncode == 1 and "cannot be read as a notebook" in done.stderr and "Traceback" not in done.stderr


def test_the_doctor_names_what_is_there() -> None:
    found = {f.what: f for f in doctor.examine()}
    assert "CPU:0" in found["devices"].found and found["torch"].found
    assert not found["layout engine"].advice


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An extension that was built, in an environment in which Jupyter does not know it."""
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_NO_CONFIG"):  # the last hides JUPYTER_CONFIG_DIR
        monkeypatch.delenv(name, raising=False)
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    built = tmp_path / "built"
    built.mkdir()
    (built / "package.json").write_text("{}")
    monkeypatch.setattr(lab_extension, "built", lambda: built)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr("jupyter_core.paths.ENV_JUPYTER_PATH", [str(tmp_path / "prefix/share/jupyter")])
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [])
    return tmp_path / "prefix/share/jupyter/labextensions/tfmagic"


def test_the_doctor_tells_of_the_lab_extension(extension: Path, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    found = doctor._lab_extension()
    assert (found.found, found.advice) == ("not in Jupyter's path", "tfmagic lab puts it there")
    assert lab_extension.install() == extension and (extension / "package.json").is_file()
    assert doctor._lab_extension() == doctor.Finding("lab extension", f"enabled ({extension})")
    config = tmp_path / "JUPYTER_CONFIG_DIR/labconfig/page_config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"disabledExtensions": {"tfmagic": true}}')
    assert doctor._lab_extension().advice == "jupyter labextension enable tfmagic"


def test_what_was_not_built_is_said_with_what_to_do(extension: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_extension, "built", lambda: None)
    monkeypatch.setattr(interactive, "script", lambda: "")
    for found in (doctor._lab_extension(), doctor._renderer()):
        assert found.found == "not built" and found.advice.startswith("install tfmagic again where npm")
    assert lab_extension.install() is None


def test_arguments_of_run_are_told_from_the_scripts() -> None:
    assert cli._split_run(["run", "--device", "cpu", "a.py", "x", "--html=o", "--", "--device", "z"]) == (
        ["run", "--device", "cpu", "a.py", "--html=o"], ["x", "--device", "z"])
