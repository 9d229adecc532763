"""What a declaration may say, and what it is refused."""

import pytest

from tfmagic.graph import registry
from tfmagic.graph.registry import OpDeclaration
from tfmagic.ops import declare


@pytest.fixture(autouse=True)
def own_declarations(monkeypatch):
    """Declarations that end with the test; no family is imported to add to them."""
    monkeypatch.setattr(registry, "_declarations", {})
    monkeypatch.setattr(registry, "_looked_up", {})
    monkeypatch.setattr(registry.opdefs, "home", lambda name: "")


@pytest.mark.parametrize("register", [declare.register, declare.unary, declare.binary,
                                      lambda name, **contract: declare.op(name, **contract)(type("Op", (), {}))])
def test_an_unknown_keyword_is_a_type_error(register):
    with pytest.raises(TypeError, match="oapque"):
        register("Tanh", oapque=True)


def test_the_ways_to_declare_take_the_same_keywords_in_the_same_order():
    import inspect

    orders = [list(inspect.signature(way).parameters) for way in (declare.register, declare.unary, declare.binary)]
    assert orders[0] == orders[1] == orders[2]


def test_a_kernel_takes_the_op_or_is_a_name():
    torch = pytest.importorskip("torch")
    declare.unary("Tanh", kernel="tanh", static="tanh")
    declare.unary("Sin", kernel=lambda op, x: (op, x))
    assert registry.lookup("Tanh").kernel("the op", torch.tensor(0.0)) == 0
    assert registry.lookup("Tanh").static("the op", 0.0) == 0
    assert registry.lookup("Sin").kernel("the op", 1) == ("the op", 1)


def test_a_kernel_that_does_not_trace_says_why():
    with pytest.raises(ValueError, match="says why"):
        OpDeclaration("Tanh", traced=False)
    with pytest.raises(ValueError, match="says why"):
        OpDeclaration("Tanh", because="it is late")
    with pytest.raises(ValueError, match="traced is"):
        OpDeclaration("Tanh", traced="sometimes")


@pytest.mark.parametrize("contract, effect", [
    ({}, "none"), ({"reads": "x"}, "reads"), ({"writes": "x"}, "writes"), ({"reads": "x", "writes": "y"}, "writes"),
    ({"state": lambda op: 0}, "writes"), ({"effect": "waits"}, "waits")])
def test_the_effect_follows_from_what_is_read_written_and_kept(contract, effect):
    assert OpDeclaration("Tanh", **contract).effect == effect


def test_an_effect_that_follows_is_not_said_again():
    with pytest.raises(ValueError, match="follows"):
        OpDeclaration("Tanh", writes="x", effect="none")
    with pytest.raises(ValueError, match="one of none, reads, writes, waits"):
        OpDeclaration("Tanh", effect="writers")


def test_memory_is_any_own_or_cut():
    assert OpDeclaration("Tanh").memory == "any"
    with pytest.raises(ValueError, match="one of any, own, cut"):
        OpDeclaration("Tanh", memory="mine")


def test_one_name_stands_for_a_tuple_of_one():
    declaration = OpDeclaration("Tanh", host="x", reads="y", writes=("z", "w"))
    assert (declaration.host, declaration.reads, declaration.writes) == (("x",), ("y",), ("z", "w"))


def test_what_tensorflow_does_not_have_and_what_is_declared_already_is_refused():
    with pytest.raises(ValueError, match="not an op of TensorFlow"):
        declare.register("Tahn")
    declare.register("Tanh")
    with pytest.raises(ValueError, match="declared twice"):
        declare.register("Tanh")
