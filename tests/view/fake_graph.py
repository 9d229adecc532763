"""A stand-in for a graph: just the public interface that drawings read, with programs built from it."""

from __future__ import annotations

import contextlib

import numpy as np


class Shape:
    def __init__(self, dims):
        self.dims = dims

    def as_list(self):
        return list(self.dims)


class DType:
    def __init__(self, name):
        self.name = name


class Tensor:
    def __init__(self, op, value_index, dims, dtype):
        self.op = op
        self.value_index = value_index
        self.shape = Shape(dims)
        self.dtype = DType(dtype)

    @property
    def name(self):
        return f"{self.op.name}:{self.value_index}"


class Operation:
    def __init__(self, graph, kind, name, inputs, controls, device, attrs):
        self.graph = graph
        self.type = kind
        self.name = name
        self.inputs = tuple(inputs)
        self.control_inputs = list(controls)
        self.device = device
        self.attrs = attrs
        self.outputs = []

    def get_attr(self, name):
        if name not in self.attrs:
            raise ValueError(f"no attr named {name}")
        return self.attrs[name]


class Graph:
    """Makes operations with names and scopes as TensorFlow does, as far as drawings care."""

    def __init__(self):
        self.ops = {}
        self.used = {}
        self.prefix = ""
        self.placed = ""

    def get_operations(self):
        return list(self.ops.values())

    def get_operation_by_name(self, name):
        return self.ops[name]

    @contextlib.contextmanager
    def scope(self, name):
        before = self.prefix
        self.prefix = before + name + "/"
        yield
        self.prefix = before

    @contextlib.contextmanager
    def device(self, name):
        before, self.placed = self.placed, name
        yield
        self.placed = before

    def op(self, kind, *inputs, name=None, dims=(), dtype="float32", outputs=1, after=(), **attrs):
        """An operation; gives its first output, or itself when it has none."""
        full = wanted = self.prefix + (name or kind)
        while full in self.ops:
            self.used[wanted] = self.used.get(wanted, 0) + 1
            full = f"{wanted}_{self.used[wanted]}"
        made = self.ops[full] = Operation(self, kind, full, inputs, after, self.placed, attrs)
        made.outputs = [Tensor(made, i, dims, dtype) for i in range(outputs)]
        return made.outputs[0] if outputs else made

    def placeholder(self, name, dims=()):
        return self.op("Placeholder", name=name, dims=dims)

    def constant(self, value, name="Const"):
        array = np.asarray(value)
        dtype = {"f": "float32", "i": "int32", "b": "bool"}.get(array.dtype.kind, "string")
        return self.op("Const", name=name, dims=array.shape, dtype=dtype, value=array)

    def variable(self, name, dims):
        """A reference variable with its initialiser, first assignment and read; gives (variable, read)."""
        with self.scope(name), self.scope("Initializer"):
            shape = self.constant(np.array(dims, np.int32), "shape")
            first = self.op("TruncatedNormal", shape, name="truncated_normal", dims=dims)
        variable = self.op("VariableV2", name=name, dims=dims, dtype="float32_ref")
        with self.scope(name):
            self.op("Assign", variable, first, dims=dims, dtype="float32_ref")
            read = self.op("Identity", variable, name="read", dims=dims)
        return variable, read


def first_graph():
    """cost = price * amount, discount = amount - 1, total = cost - discount."""
    g = Graph()
    price, amount = g.placeholder("price"), g.placeholder("amount")
    cost = g.op("Mul", price, amount, name="mul")
    with g.scope("sub"):
        one = g.constant(1.0, "y")
    discount = g.op("Sub", amount, one, name="sub")
    g.op("Sub", cost, discount, name="sub_1")
    return g


def relu_layer():
    """h = ReLU(xW + b) with variables W and b."""
    g = Graph()
    x = g.placeholder("x", (None, 12))
    _, w = g.variable("W", (12, 40))
    _, b = g.variable("b", (40,))
    product = g.op("MatMul", x, w, dims=(None, 40))
    g.op("Relu", g.op("Add", product, b, dims=(None, 40)), dims=(None, 40))
    return g


def trained(saver=True):
    """A layer with its loss, gradients, Adam with slots, a step counter, an init op and a saver."""
    g = Graph()
    x, y = g.placeholder("x", (None, 4)), g.placeholder("y", (None, 2))
    with g.scope("layer"):
        w_ref, w = g.variable("W", (4, 2))
        logits = g.op("MatMul", x, w, dims=(None, 2))
    with g.scope("loss"):
        error = g.op("SquaredDifference", logits, y, dims=(None, 2))
        loss = g.op("Mean", error, g.constant(np.array([0, 1], np.int32)))
    with g.scope("gradients"):
        start = g.op("Fill", g.constant(np.array([], np.int32), "Shape"), g.constant(1.0, "grad_ys_0"))
        with g.scope("loss/Mean_grad"):
            spread = g.op("Reshape", start, g.op("Shape", error, dims=(2,), dtype="int32"))
        with g.scope("layer/MatMul_grad"):
            grad = g.op("MatMul", spread, x, dims=(4, 2))
    step_ref, _ = g.variable("global_step", ())
    m_ref, _ = g.variable("layer/W/Adam", (4, 2))
    with g.scope("Adam"):
        rate = g.constant(0.01, "learning_rate")
        with g.scope("update_layer/W"):
            update = g.op("ApplyAdam", w_ref, m_ref, rate, grad, dims=(4, 2), dtype="float32_ref")
        value = g.constant(1, "value")
    g.op("AssignAdd", step_ref, value, name="Adam", after=[update.op])
    assigns = [op for op in g.get_operations() if op.type == "Assign"]
    g.op("NoOp", name="init", outputs=0, after=assigns)
    if saver:
        with g.scope("save"):
            path = g.constant(np.array(b"model", object))
            g.op("SaveV2", path, w_ref, outputs=0)
            g.op("RestoreV2", path, dims=None)
    del loss
    return g


def deep(blocks=25, units=4, nodes=50):
    """Many nested scopes of the same form."""
    g = Graph()
    h = g.placeholder("x", (None, 64))
    for b in range(blocks):
        with g.scope(f"block_{b}"):
            for u in range(units):
                with g.scope(f"unit_{u}"):
                    for k in range(nodes):
                        h = g.op("AddV2", h, h) if k % 2 else g.op("Tanh", h)
    return g


def chain(length):
    """One operation after the other, without scopes."""
    g = Graph()
    h = g.placeholder("x", (None, 64))
    for k in range(length):
        h = g.op("Relu" if k % 2 else "Tanh", h, dims=(None, 64))
    return g


def counting_loop():
    """`while i < 10: i += 1` as nodes."""
    g = Graph()
    first = g.constant(0, "i")
    with g.scope("while"):
        enter = g.op("Enter", first, dtype="int32")
        merge = g.op("Merge", enter, enter, outputs=2, dtype="int32")
        go_on = g.op("LoopCond", g.op("Less", merge, g.constant(10, "Less/y"), dtype="bool"), dtype="bool")
        switch = g.op("Switch", merge, go_on, outputs=2, dtype="int32")
        following = g.op("AddV2", switch.op.outputs[1], g.constant(1, "AddV2/y"), name="AddV2", dtype="int32")
        again = g.op("NextIteration", following, dtype="int32")
        merge.op.inputs = (enter, again)
        g.op("Exit", switch, dtype="int32")
    return g


def branch():
    """`tf.cond(p, lambda: -x, lambda: x)` as nodes."""
    g = Graph()
    p, x = g.op("Placeholder", name="p", dtype="bool"), g.placeholder("x")
    with g.scope("cond"):
        pivot = g.op("Switch", p, p, outputs=2, dtype="bool").op
        g.op("Identity", pivot.outputs[1], name="switch_t", dtype="bool")
        g.op("Identity", pivot.outputs[0], name="switch_f", dtype="bool")
        chosen = g.op("Identity", p, name="pred_id", dtype="bool")
        with g.scope("Neg"):
            into = g.op("Switch", x, chosen, outputs=2).op
        yes = g.op("Neg", into.outputs[1], name="Neg")
        no = g.op("Switch", x, chosen, outputs=2)
        g.op("Merge", no, yes, outputs=2)
    return g
