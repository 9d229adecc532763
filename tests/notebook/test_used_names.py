"""Which names are free under `%%graph --free`: those that a cell reads before it makes them, by Python's own scopes."""

from __future__ import annotations

import contextlib
import textwrap

import pytest
from shells import Shell

from tfmagic.notebook.shell.used_names import UsedNames

# Kind -> a cell, and its free names in order.
CELLS = {
    "a name read": ("y = a * b", "a b"),
    "a name made": ("a = 1\ny = a", ""),
    "a name made after it is read": ("y = a\na = 1", "a"),
    "an operator that assigns": ("a += 1", "a"),
    "made and read in a with block": ("with scope as s:\n    h = x * 2\n    y = h + s", "scope x"),
    "made and read in a branch": ("if x:\n    h = 1\nelse:\n    h = b\ny = h", "x b"),
    "a loop's variable": ("for i in range(3):\n    t = i * a\n    u = t\nv = i", "a"),
    "a loop that adds up what is given": ("for i in range(3):\n    total = total + i", "total"),
    "a while loop": ("i = 0\nwhile i < n:\n    i = i + 1", "n"),
    "else of a loop": ("for i in []:\n    pass\nelse:\n    y = 1\nz = y", ""),
    "a comprehension's variable": ("[t * a for t in ts]", "ts a"),
    "a comprehension's variable is gone after it": ("y = [t for t in ts]\nz = t", "ts t"),
    "comprehensions in comprehensions": ("[[u + v for u in us] for v in vs]", "vs us"),
    "dict and set": ("{k: v for k, v in pairs}, {s for s in pairs}", "pairs"),
    "a generator": ("sum(t * a for t in ts)", "ts a"),
    "walrus": ("y = (h := x) + h", "x"),
    "walrus in a comprehension": ("[(h := t) for t in ts]\ny = h", "ts"),
    "several targets": ("(a, *b), c = given\ny = a + b + c", "given"),
    "a function's arguments": ("def f(a, b=1, *c, d, e=w, **g):\n    return a + b + c + d + e + g", "w"),
    "a function's own names": ("def f():\n    h = a\n    return h\ny = f()", "a"),
    "a function's name": ("def f():\n    return f\ny = f()", ""),
    "what a function reads is made before it is called": ("def f(x):\n    return x * w\nw = 2\ny = f(1)", ""),
    "what a function reads is made after it is called": ("def f(x):\n    return x * w\ny = f(1)\nw = 2", "w"),
    "what a function reads that is not called": ("def f(x):\n    return x * w", "w"),
    "a function calls another": ("def f():\n    return g()\ndef g():\n    return a\na = 1\ny = f()", ""),
    "a function in a function": ("def f():\n    h = 1\n    def g():\n        return h + a\n    return g\nf()", "a"),
    "a nonlocal name": ("def f():\n    h = 1\n    def g():\n        nonlocal h\n        h = a\n    return g", "a"),
    "a global name": ("def f():\n    global h\n    h = 1\nf()\ny = h", ""),
    "a decorator": ("@wrap\ndef f(x):\n    return x * w\nw = 1\ny = f(2)", "wrap"),
    "a lambda with a name": ("f = lambda x: x * w\nw = 1\ny = f(2)", ""),
    "a lambda handed over": ("y = apply(lambda x: x * w, 1)\nw = 1", "apply w"),
    "a lambda's arguments": ("f = lambda a, b=c: a + b\nf(1)", "c"),
    "a class": ("class C(Base):\n    n = 1\n    m = n + a\n    def f(self):\n        return n\nC()", "Base a n"),
    "methods": ("class C:\n    def f(self):\n        return w\nw = 1\ny = C().f()", ""),
    "imports": ("import os.path\nimport math as m\nfrom json import loads as read\ny = os, m, read\nz = math", "math"),
    "except as": ("try:\n    y = a\nexcept ValueError as e:\n    z = e", "a"),
    "except as is gone after it": ("try:\n    y = 1\nexcept ValueError as e:\n    pass\nz = e", "e"),
    "made in a try": ("try:\n    h = a\nexcept ValueError:\n    h = b\nfinally:\n    c\ny = h", "a b c"),
    "del": ("h = a\ndel h", "a"),
    "annotations": ("h: int = a\ny = h", "a"),
    "formatted text": ("f'{a} {b:{c}}'", "a b c"),
    "match": ("match x:\n    case [a, *b]:\n        y = a, b\n    case {'k': v, **rest}:\n        y = v, rest", "x"),
    "await": ("async def f():\n    return w\nw = 1\ny = await f()", ""),
    "builtins and Python's own": ("print(len(__name__), ValueError)", ""),
    "a magic": ("get_ipython().run_line_magic('time', 'a')\ny = b", "b"),
}


@pytest.mark.parametrize("kind", CELLS)
def test_free_names_are_those_that_python_would_not_find(kind: str) -> None:
    code, expected = CELLS[kind]
    assert sorted(UsedNames(code, {"get_ipython"}).unknown) == sorted(expected.split())


@pytest.mark.parametrize("kind", CELLS)
def test_with_its_free_names_a_cell_finds_all_of_them(kind: str) -> None:
    """Run as it is, the cell never fails for a name: what it fails for otherwise does not matter here."""
    code, _ = CELLS[kind]
    if "await" in code:
        return
    used = UsedNames(code, {"get_ipython"})
    namespace = dict.fromkeys([*used.unknown, "get_ipython"], 1)
    with contextlib.suppress(TypeError, AttributeError, ValueError):
        exec(compile(code, "<cell>", "exec"), namespace)


def test_they_come_in_order_of_their_first_use_and_names_made_are_those_of_the_cell() -> None:
    used = UsedNames("total = price * amount\nfor i in [1]:\n    [t for t in (1,)]\n    rest = total - price - tax", {})
    assert used.unknown == ["price", "amount", "tax"]
    assert used.made == ["total", "i", "rest"]


def test_a_name_of_a_with_block_is_no_placeholder(shell: Shell) -> None:
    done = shell.ok(textwrap.dedent("""\
        %%graph --free
        with tf.name_scope('layer'):
            hidden = tf.nn.relu(features * 2.)
            result = hidden + 1."""))
    types = [op.type for op in shell.ip.user_ns["result"].graph.get_operations()]
    assert types.count("Placeholder") == 1 and done.bundles
