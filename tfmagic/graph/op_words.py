"""What is said of ops in errors: signatures as TensorFlow writes them, unknown ops, missing attrs."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import TensorShape
from tfmagic.graph import opdefs
from tfmagic.graph.opdefs import ArgDef, AttrDef, OpDef

_MOST_ITEMS = 15  # of a list; of a longer one the first and the last five are written


def signature(definition: OpDef) -> str:
    """A definition in short: `Op<name=Relu; signature=features:T -> activations:T; attr=T:type,...>`."""
    flags = "".join(f"; {said}=true" for flag, said in (
        ("commutative", "is_commutative"), ("aggregate", "is_aggregate"), ("stateful", "is_stateful"),
        ("allows_uninitialized_input", "allows_uninitialized_input")) if flag in definition.flags)
    attrs = "".join(f"; {_attr(attr)}" for attr in definition.attrs.values())
    arrow = f"{_args(definition.inputs)} -> {_args(definition.outputs)}"
    return f"Op<name={definition.name}; signature={arrow}{attrs}{flags}>"


def _args(args: Sequence[ArgDef]) -> str:
    said = []
    for arg in args:
        kind = arg.type_attr or arg.type_list_attr or (arg.dtype.proto_name if arg.dtype is not None else "")
        kind = f"{arg.number_attr}*{kind}" if arg.number_attr else kind
        said.append(f"{arg.name}:Ref({kind})" if arg.is_ref else f"{arg.name}:{kind}")
    return ", ".join(said)


def _attr(attr: AttrDef) -> str:
    said = f"attr={attr.name}:{attr.type}"
    if attr.has_default:
        said += f",default={_value(attr.default)}"
    if attr.minimum is not None:
        said += f",min={attr.minimum}"
    if attr.allowed is not None:
        said += f",allowed={_value(list(attr.allowed))}"
    return said


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        items = [_value(item) for item in value]
        if len(items) > _MOST_ITEMS:
            items = [*items[:5], "...", *items[-5:]]
        return f"[{', '.join(items)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, DType):
        return f"DT_{value.proto_name.upper()}"
    if isinstance(value, (bytes, str)):
        return f'"{value.decode() if isinstance(value, bytes) else value}"'
    if isinstance(value, TensorShape):
        return shapes.text(value._dims)
    return f"{value:g}" if isinstance(value, float) else str(value)


def missing(names: Iterable[str], definition: OpDef, node: str) -> ValueError:
    """The error for a node without attrs that its op must have.

    Args:
      names: the attrs' names.
      node: the node's name.
    """
    listed = [f"'{name}'" for name in names]
    return ValueError(f"NodeDef missing attr{'s' if len(listed) > 1 else ''} {', '.join(listed)} from "
                      f"{signature(definition)}; NodeDef: {{{{node {node}}}}}")


def removed(definition: OpDef, producer: int) -> str | None:
    """What is said of an op that graphs of a version may not hold any more; None if they may.

    Args:
      producer: the graph's `versions.producer`.
    """
    if definition.deprecation is None or producer < definition.deprecation[0]:
        return None
    version, explanation = definition.deprecation
    return (f"Op {definition.name} is not available in GraphDef version {producer}. It has been removed in version "
            f"{version}. {explanation}.")


def refuse_removed(definition: OpDef, producer: int) -> None:
    """Refuse a node whose op graphs of a version may not hold any more.

    Raises:
      UnimplementedError: they may not.
    """
    said = removed(definition, producer)
    if said is not None:
        raise errors.UnimplementedError(None, None, said)


def unknown(op_type: str, advice: str) -> errors.NotFoundError:
    """The error for an op that TensorFlow does not have.

    Args:
      advice: what to add.
    """
    return errors.NotFoundError(None, None, (
        f"Op type not registered '{op_type}' in binary running on {platform.node()}. Make sure the Op and Kernel are "
        "registered in the binary running in this process. Note that if you are loading a saved graph which used ops "
        "from tf.contrib, accessing (e.g.) `tf.contrib.resampler` should be done before importing the graph, as "
        "contrib ops are lazily registered when the module is first accessed.\n"
        f"tfmagic knows the {len(opdefs.names())} ops of TensorFlow 1.15; {advice}"))


def types_from_inputs(definition: OpDef, attrs: dict[str, Any], types: Sequence[DType]) -> None:
    """Fill in the type attrs that follow from the types of a node's inputs."""
    position = 0
    for arg in definition.inputs:
        if arg.type_list_attr is not None:
            if arg.type_list_attr not in attrs:
                return
            position += len(attrs[arg.type_list_attr])
            continue
        if arg.number_attr is not None and arg.number_attr not in attrs:
            return
        count = attrs[arg.number_attr] if arg.number_attr is not None else 1
        if arg.type_attr is not None and arg.type_attr not in attrs and count and position < len(types):
            attrs[arg.type_attr] = types[position].base_dtype
        position += count
