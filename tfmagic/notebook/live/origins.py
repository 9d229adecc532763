"""Origins: what is said of the first node that made a NaN or an infinity, and what a drawing of its way needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfmagic.graph.operation import Operation
from tfmagic.view import labels
from tfmagic.view.phrases import figures, say
from tfmagic.view.scene import ports
from tfmagic.view.scene.model import Port

if TYPE_CHECKING:
    from tfmagic.session.finite import Origin, Seen

_BELOW_ZERO = ("Log", "Sqrt", "Rsqrt")
_OF_ZERO = ("Log", "Rsqrt", "Reciprocal", "Inv")
_DIVISIONS = ("RealDiv", "Div", "TruncateDiv", "FloorDiv", "FloorMod", "Mod")
_DIVIDE_BY_FIRST = ("SqrtGrad", "RsqrtGrad", "ReciprocalGrad")
_SAID = {"made": "made {} from finite inputs", "fed": "was fed with {}", "variable": "held {} before the run",
         "constant": "holds {}"}


def value_text(seen: Seen | None) -> str:
    """What a value was like: a small one itself, of a larger one its range and how much of it is not finite."""
    if seen is None:
        return ""
    if seen.numbers is not None and (text := labels.small_text(seen.numbers)):
        return text
    parts = [] if seen.low is None or seen.high is None else [
        labels.number_text(seen.low) if seen.low == seen.high else
        f"{labels.number_text(seen.low)} … {labels.number_text(seen.high)}"]
    return " · ".join([*parts, *_counts(seen)])


def message(origin: Origin) -> str:
    """What happened at the node: `made 1 Inf of 3 from finite inputs: log of 0`."""
    size = origin.value.size
    counts = ", ".join(_counts(origin.value)) + (f" {say('of')} {figures(size)}" if size > 1 else "")
    text = say(_SAID[origin.kind], counts)
    reason = _reason(origin)
    text += f": {reason}" if reason else ""
    return f"{text}, {say('in turn {} of the loop', str(origin.turn))}" if origin.turn else text


def words(origin: Origin, made_by: str, run: int = 0) -> str:
    """All that is known, in lines of text: node, op, what happened, its inputs' ranges, cell and line, the way.

    Args:
      origin: where the numbers came from.
      made_by: the cell and line of the node.
      run: the number of the run in its cell, 0 when there is but one.
    """
    kind = f" ({origin.op.type})"
    when = f"{say('run {} of the cell', str(run))}: " if run > 1 else ""
    lines = [f"{when}{origin.op.name}{kind} {message(origin)}."]
    lines += [f"  {port.text}" for port in shown_ports(origin)]
    lines += [f"  {made_by}"] if made_by else []
    way = [op.name for op in [*(origin.sources[0] if origin.sources else []), *origin.path]
           if op.type not in ("Enter", "Exit", "Merge", "Switch", "NextIteration")]
    lines += [f"  {' → '.join(way if len(way) <= 12 else [*way[:8], '…', *way[-3:]])}"] if len(way) > 1 else []
    if origin.changed:
        lines.append(f"  {say('It goes into')}: {', '.join(dict.fromkeys(op.name for op in origin.changed))}")
    lines += [f"  {say('What was fetched is finite all the same.')}"] if origin.is_hidden else []
    return "\n".join(lines)


def shown_ports(origin: Origin) -> tuple[Port, ...]:
    """The inputs of the node with their values."""
    if not origin.inputs:
        return ()
    return tuple(ports.port(name, tensor, None if seen is None else seen.shape, value=value_text(seen))
                 for name, tensor, seen in zip(ports.names(origin.op), origin.op.inputs, origin.inputs))


def drawn(origin: Origin) -> list[Operation]:
    """The operations worth drawing: the way to the end, and back to where the inputs came from."""
    found = dict.fromkeys([*(op for way in origin.sources for op in way), *(t.op for t in origin.op.inputs),
                           *origin.path, origin.op])
    arguments = [t.op for op in found for t in op.inputs if t.op.type == "Const"]
    return sorted({*found, *arguments}, key=lambda op: op._id)


def _counts(seen: Seen) -> list[str]:
    return [f"{figures(count)} {word}" for count, word in ((seen.nan, "NaN"), (seen.inf, "Inf")) if count]


def _reason(origin: Origin) -> str:
    """Why: what the op does not give a number for."""
    if not origin.inputs:
        return ""
    kind, last = origin.op.type, origin.inputs[0 if origin.op.type in _DIVIDE_BY_FIRST else -1]
    if last is None or last.low is None or last.high is None:
        return ""
    verb = kind.lower()
    tests: list[tuple[bool, Callable[[], str]]] = [
        (kind in _BELOW_ZERO and last.low < 0, lambda: say("{} of {}", verb, labels.number_text(last.low))),
        (kind in _OF_ZERO and last.low == 0, lambda: say("{} of {}", verb, "0")),
        (kind in (*_DIVISIONS, *_DIVIDE_BY_FIRST) and last.low <= 0 <= last.high, lambda: say("division by 0")),
        (kind in ("Exp", "Expm1") and last.high > 80, lambda: say("{} of {}", verb, labels.number_text(last.high))),
    ]
    return next((say_it() for holds, say_it in tests if holds), "")
