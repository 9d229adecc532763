"""The language of drawings: chosen by an option, by the notebook, by the machine; and every phrase has its table."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from bundles import GRAPH, drawn
from shells import Shell, notebook_of

import tfmagic
from tfmagic.notebook.command import execute
from tfmagic.notebook.shell import language
from tfmagic.view import phrases
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.scene import auxiliary, build, model

CELL = "%%graph --free\ny = tf.Variable([1.], name='v') * x"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TFMAGIC_LANG", "JPY_SESSION_NAME", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_a_drawing_speaks_the_language_that_is_asked_for(shell: Shell) -> None:
    bundle = shell.ok(CELL.replace("--free", "--free --lang pt")).bundles[0]
    assert "variável" in bundle["text/plain"] and "não desenhado: inicializadores" in bundle["text/plain"]
    assert bundle[GRAPH]["lang"] == "pt", "so the renderer's own words are in it too"
    assert "variável" in picture_of(bundle) and "Não desenhado" in picture_of(bundle)
    assert "forma (2,)" in shell.ok("%tensor [1, 2] --lang pt").bundles[0]["text/plain"]
    assert "variable" in shell.ok("%graph").bundles[0]["text/plain"], "the next one as before"


@pytest.mark.parametrize(("environment", "expected"), [
    ({}, "en"), ({"LANG": "pt_BR.UTF-8"}, "pt"), ({"LANG": "de_DE"}, "en"),
    ({"LANG": "pt_BR.UTF-8", "TFMAGIC_LANG": "en"}, "en"), ({"TFMAGIC_LANG": "PT-br"}, "pt")])
def test_the_environment_says_it(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language.of_surroundings() == expected


@pytest.mark.parametrize("how", ["Jupyter", "Jupyter, from its own folder", "VS Code"])
def test_the_notebooks_file_says_it_before_the_machine(how: str, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    notebook = notebook_of("1")
    notebook.metadata["tfmagic"] = {"lang": "pt-BR"}
    nbformat.write(notebook, tmp_path / "caderno.ipynb")
    namespace = {}
    if how == "VS Code":
        namespace["__vsc_ipynb_file__"] = str(tmp_path / "caderno.ipynb")
    elif how == "Jupyter":
        monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "caderno.ipynb"))
    else:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("JPY_SESSION_NAME", "work/caderno.ipynb")
    assert language.of_surroundings(namespace) == "pt"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"metadata": 1}', '{"metadata": {"tfmagic": 3}}',
                                     '{"metadata": {"tfmagic": {"lang": 3}}}'])
def test_a_file_that_says_nothing_leaves_it_to_the_machine(content: str, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.ipynb").write_text(content)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "x.ipynb"))
    monkeypatch.setenv("LANG", "pt_PT")
    assert language.of_surroundings() == "pt"


def test_a_notebook_that_is_run_speaks_its_own_language(tmp_path: Path) -> None:
    notebook = notebook_of("import tensorflow as tf\nv = tf.Variable(1.)\nv", CELL)
    notebook.metadata["tfmagic"] = {"lang": "pt"}
    outcome = execute.run_notebook(notebook, tmp_path)
    card, drawing = (cell.outputs[0].data for cell in outcome.notebook.cells)
    assert "treinável" in card["text/html"] and "variável" in drawing["text/plain"]
    assert [node["type"] for node in drawn(drawing).values()] == ["placeholder", "variável", "Mul"]


def literals(function: str) -> set[str]:
    """The words that the package hands to `say` or `plural` as they stand in its code."""
    place = 0 if function == "say" else 1
    found = set()
    for path in Path(tfmagic.__file__).parent.rglob("*.py"):
        code = path.read_text("utf-8")
        for node in ast.walk(ast.parse(code)) if "view.phrases import" in code else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function:
                found |= {part.value for part in ast.walk(node.args[place])
                          if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


ROLES = {model.PLACEHOLDER, model.VARIABLE, model.CONSTANT, model.OPERATION}


@pytest.mark.parametrize("spoken", [code for code in phrases.LANGUAGES if code != "en"])
def test_every_phrase_is_in_the_table_with_the_same_gaps(spoken: str) -> None:
    table = phrases._PHRASES[spoken]
    kinds = {auxiliary.INITIALISERS, auxiliary.SAVING, "loop", "branch", *build._NOUN_OF_FOLDED.values()}
    assert (literals("say") - literals("plural") | ROLES | kinds) - set(table) == set()
    assert all(phrase.count("{}") == found.count("{}") for phrase, found in table.items())


@pytest.mark.parametrize("spoken", [code for code in phrases.LANGUAGES if code != "en"])
def test_every_noun_that_is_counted_is_in_the_table(spoken: str) -> None:
    assert (literals("plural") | ROLES) - set(phrases._NOUNS[spoken]) == set()


def test_counts_are_written_as_the_language_writes_them() -> None:
    assert phrases.plural(1234, "operation") == "1,234 operations"
    with phrases.speaking("pt"):
        assert [phrases.plural(n, "operation") for n in (1, 1234)] == ["1 operação", "1\u00a0234 operações"]
