"""Programs of Python 2 run unmodified by `tfmagic run --py2`; what they print was recorded under Python 2.7."""

import subprocess
import sys
from pathlib import Path

import pytest
from shells import Shell

from tests.oracle.record_python2 import FOLDER, own_lines
from tfmagic.notebook.legacy.py2 import signs, translate

PROGRAMS = sorted(Path(FOLDER).glob("*.py2"))


def _run(*arguments, **kwargs):
    return subprocess.run([sys.executable, "-m", "tfmagic.notebook.command.cli", "run", *map(str, arguments)],
                          capture_output=True, encoding="utf-8", check=False, **kwargs)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_it_printed_under_python_2(program):
    result = _run("--py2", program)
    printed = result.stdout
    if result.returncode:
        printed += "\n".join(["FAILED", *own_lines(result.stderr, program.name)]) + "\n"
    assert printed == program.with_suffix(".txt").read_text("utf-8"), result.stderr


def test_modules_beside_the_program_and_in_packages_are_python_2_too(tmp_path):
    (tmp_path / "program.py").write_text("import helper\nfrom package import one\nprint helper.half(5), one.value\n")
    (tmp_path / "helper.py").write_text("import modern\ndef half(n):\n    return n / 2\nprint modern.TEXT\n")
    (tmp_path / "modern.py").write_text("def f(*, only):\n    return f'{only}'\nTEXT = f(only=1)\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "one.py").write_text("import two\nvalue = two.seven / 2\n")
    (tmp_path / "package" / "two.py").write_text("seven = 0x7L\n")
    result = _run("--py2", "program.py", cwd=tmp_path)
    assert result.stdout == "1\n2 3\n", result.stderr


def test_an_error_of_syntax_is_told_at_the_users_line(tmp_path):
    (tmp_path / "program.py").write_text('print "ok"\n\ndef f(:\n    pass\n')
    result = _run("--py2", "program.py", cwd=tmp_path)
    assert result.returncode == 1 and 'File "program.py", line 3\n    def f(:' in result.stderr


@pytest.mark.parametrize("program", ["print 'x'", "try:\n    pass\nexcept E, e:\n    pass", "x = 0777", "xrange(3)",
                                     "import cPickle", "{}.iteritems()", "from itertools import izip",
                                     "if 1:\n\tx = 1\n        y = 2"])
def test_an_error_of_running_python_2_as_python_3_names_the_switch(program, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(program + "\n")
    with pytest.raises(Exception) as raised:
        exec(compile(path.read_text(), str(path), "exec"), {})
    assert signs.of_python2(raised.value)
    if program.startswith("print"):
        result = _run(path)
        assert result.returncode == 1
        assert result.stderr.endswith(f"tfmagic: this is a program of Python 2: tfmagic run --py2 {path} runs it.\n")


@pytest.mark.parametrize("program", ["def f(:", "undefined", "import not_there", "[].missing"])
def test_other_errors_do_not(program, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(program + "\n")
    with pytest.raises(Exception) as raised:
        exec(compile(path.read_text(), str(path), "exec"), {})
    assert not signs.of_python2(raised.value)


def test_nodes_of_the_tree_are_at_the_users_lines():
    text = "import urllib2\n\n\ndef f((a, b)):\n    print a, \\\n        b\n\n    return a / b\n"
    module = translate.translate(text, "program.py")
    function = module.body[1]
    assert [function.lineno, *(statement.lineno for statement in function.body)] == [4, 4, 5, 8]


def test_cells_are_python_2_while_the_variable_says_so(shell: Shell, monkeypatch) -> None:
    done = shell.run("print 'x', 7 / 2")
    assert isinstance(done.result.error_before_exec, SyntaxError)
    assert "%env TFMAGIC_PY2=1" in done.stderr
    monkeypatch.setenv("TFMAGIC_PY2", "1")
    assert shell.ok("print 'x', 7 / 2").stdout == "x 3\n"
    assert shell.ok("%%graph\nhalf = tf.constant(7) / 2\nprint half.op.name").stdout.startswith("div\n")
    shell.ok("from __future__ import division")
    assert shell.ok("print 7 / 2").stdout == "3.5\n"
    monkeypatch.setenv("TFMAGIC_PY2", "0")
    assert isinstance(shell.run("print 'x'").result.error_before_exec, SyntaxError)
