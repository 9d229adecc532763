"""Finishing: what follows a product as machine code for one block after the other, and as a run of its own."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Container, Mapping
from typing import Any

import torch
from torch import fx

from tfmagic.base.machine import compiler, dense
from tfmagic.base.machine.code import Code, unpacking
from tfmagic.base.machine.functions import INTRINSICS
from tfmagic.session.element_rules import KINDS, Value
from tfmagic.session.tiers.candidates import BLOCKS, Engine
from tfmagic.session.tiers.engines import Engines
from tfmagic.session.tiers.machine.finished import Finished
from tfmagic.session.tiers.machine.kernel import Elements, ElementWise, store

_TITLE, _AHEAD = "finish", "ahead"


class Finishing(Engines, shown_under="tfmagic.machine"):
    """A call of the engine that is quickest for a product and what follows it: gives its results (one, or a tuple)."""

    def __init__(self, item: Finished):
        afterwards, count = _afterwards(item), len(item.node.args)

        def whole(engine: Engine) -> Engine:
            return lambda *given: afterwards(engine(*given[:count]), *given[count:])

        engines = {name: _by_blocks(item) if name == BLOCKS else whole(each) for name, each in item.engines.items()}
        super().__init__(item.node, engines, item.threads, item.around)
        self._arguments = item.arguments()
        self.words = " then ".join([self.words, *(name for name, _ in item.run.nodes.values()),
                                    *["sum"] * (item.total is not None)])

    def arguments(self) -> list[Any]:
        """The product's arguments, and then the others."""
        return self._arguments


def _by_blocks(item: Finished) -> Engine:
    """A function of the item's arguments that gives its results, by `dense`."""
    count, sums = len(item.node.args), item.total is not None
    kept = [node for node in item.results() if node is not item.total]
    shapes = [(tuple(node.meta["val"].shape), node.meta["val"].dtype) for node in kept]
    order = [kept.index(node) if node is not item.total else -1 for node in item.results()]
    dense.prepare(KINDS[item.node.meta["val"].dtype], finishes=True)
    function = compiler.compiled(_text(item), _TITLE, [compiler.POINTER])
    finish, ahead = compiler.addresses(function, _TITLE, _AHEAD)
    pack = struct.Struct(f"{len(item.others) + len(kept)}Q").pack

    def call(*given: Any) -> Any:
        *bias, a, b = given[:count]
        others = [other.contiguous() for other in given[count:]]  # they live as long as their addresses are in use
        made = [torch.empty(shape, dtype=dtype) for shape, dtype in shapes]
        data = ctypes.create_string_buffer(pack(*[each.data_ptr() for each in (*others, *made)]))
        total = dense.finished(a.reshape(-1, a.shape[-1]), b, bias[0] if bias else None,
                               dense.Finish(finish, ahead, ctypes.addressof(data)), sums)
        results = [*made, total]
        return results[order[0]] if len(order) == 1 else tuple(results[place] for place in order)

    call.code = function  # type: ignore[attr-defined]  # which would go
    return call


def _afterwards(item: Finished) -> Engine:
    """A function of the product and the item's other arguments that gives its results."""
    run, others = item.run, item.others
    following = ElementWise(run).bind()
    places = [others.index(node) if node is not item.node else -1 for node in run.arguments()]
    made = run.results()
    axes = list(range(len(item.node.meta["val"].shape) - 1))

    def call(product: Any, *given: Any) -> Any:
        given = (*given, product)
        values = following(*[given[place] for place in places])
        known = dict(zip(made, values if len(made) > 1 else [values]))
        known[item.node] = product
        if item.total is not None:
            known[item.total] = torch.sum(known[item.total.all_input_nodes[0]], axes)
        results = [known[node] for node in item.results()]
        return results[0] if len(results) == 1 else tuple(results)

    return call


def _text(item: Finished) -> str:
    """The function of what `dense.GIVEN` says, and of addresses: values from outside, and results but the sums."""
    product = item.node
    kind = KINDS[product.meta["val"].dtype]
    columns = product.meta["val"].shape[-1]
    width = dense.block_of(kind)[1]
    code = Code()
    kept = [node for node in item.results() if node is not item.total]
    pointers = {node: f"%p{index}" for index, node in enumerate((*item.others, *kept))}
    elements = Elements(code, item.run, pointers)

    def line(index: str) -> None:
        at = code.let(f"add i64 %line, {index}")
        elements.load("rows", at)
        start = code.let(f"add i64 {code.let(f'mul i64 {at}, {columns}')}, %column")
        in_block = code.let(f"mul i64 {index}, {width}")

        def number(along: str) -> None:
            value = Value(code.load("%block", kind, code.let(f"add i64 {in_block}, {along}")), kind)
            elements.known[product] = value
            place = code.let(f"add i64 {start}, {along}")
            if product in pointers:
                store(code, value, pointers[product], place)
            elements.load("columns", code.let(f"add i64 %column, {along}"))
            elements.numbers(place)
            if item.total is not None:
                added = elements.known[item.total.all_input_nodes[0]]
                sums = code.let(f"fadd {kind} {code.load('%sums', kind, along)}, {added.text}")
                code.store(sums, "%sums", kind, along)

        code.loop("0", str(width), number)

    elements.scalars()
    code.loop("%first", "%stop", line)
    parameters = [f"ptr noalias {pointer}" for pointer in pointers.values()]
    inner = code.function(f"{_TITLE}_inner", [*parameters, *dense.GIVEN], "alwaysinline")
    text = inner + unpacking(_TITLE, f"{_TITLE}_inner", parameters, dense.GIVEN) + INTRINSICS
    return text + _text_ahead(product, pointers, set(kept))


def _text_ahead(product: fx.Node, pointers: Mapping[fx.Node, str], written: Container[fx.Node]) -> str:
    """The function of what `dense.AHEAD` says, and of addresses: fetches what lies as the product would."""
    shape, code = product.meta["val"].shape, Code()
    lines, _ = dense.block_of(KINDS[product.meta["val"].dtype])
    first = code.let(f"add i64 {code.let(f'mul i64 %line, {shape[-1]}')}, %column")
    for node, pointer in pointers.items():
        value = node.meta["val"]
        for line in range(lines if value.shape == shape else 0):
            place = code.let(f"mul i64 {code.let(f'add i64 {first}, {line * shape[-1]}')}, {value.element_size()}")
            code.do(f"call void @llvm.prefetch.p0(ptr {code.at(pointer, 'i8', place)}, i32 {int(node in written)}, "
                    "i32 3, i32 1)")
    parameters = [f"ptr {pointer}" for pointer in pointers.values()]
    return code.function(f"{_AHEAD}_inner", [*parameters, *dense.AHEAD], "alwaysinline") + \
        unpacking(_AHEAD, f"{_AHEAD}_inner", parameters, dense.AHEAD) + \
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\n"
