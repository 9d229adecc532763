"""ControlFlowContext: what the bodies of conds and loops have in common while they are being built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import nest
from tfmagic.base.slots import Slot
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.control_flow import util

SUMMARIES = "_SUMMARY_V2"
_of_proto: Any = Slot("contexts of protos")


class ControlFlowContext:
    """A branch of a cond, or a loop.

    Attributes:
      values: names of tensors that can be used inside as they are.
      external: what stands inside for a tensor from outside, by the name of that tensor.
      outer_context: the context around this one, or None.
      nested: the contexts directly inside.
    """

    is_cond = False
    is_while = False

    def __init__(self, name: str) -> None:
        self.graph = get_default_graph()
        self.name = name
        self.outer_context: ControlFlowContext | None = self.graph._stacks.control_flow
        self.nested: list[ControlFlowContext] = []
        if self.outer_context is not None:
            self.outer_context.nested.append(self)
        self.values: set[str] = set()
        self.external: dict[str, Tensor] = {}
        self._entered: list[Any] = []

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def from_proto(context_def: Any, import_scope: str | None = None) -> ControlFlowContext:
        """The context that a `CondContextDef` or `WhileContextDef` describes; its nodes are in the default graph.

        Raises:
          KeyError: a node that the proto names is not there.
        """
        return _of_proto(context_def, import_scope)

    def to_control_flow_context_def(self, context_def: Any, export_scope: str | None = None) -> None:
        """Write this context into a `ControlFlowContextDef`; one outside of `export_scope` is left out."""
        proto = self.to_proto(export_scope)
        if proto is not None:
            (context_def.while_ctxt if self.is_while else context_def.cond_ctxt).CopyFrom(proto)

    def IsCondContext(self) -> bool:  # TensorFlow's names, which user code asks for
        return self.is_cond

    def IsWhileContext(self) -> bool:
        return self.is_while

    def IsXLAContext(self) -> bool:
        return False

    def GetWhileContext(self) -> Any:
        return self.while_context()

    def GetControlPivot(self) -> Tensor | None:
        return self.control_pivot()

    def AddName(self, name: str) -> None:
        self.add_name(name)

    def AddValue(self, val: Tensor) -> Tensor:
        return self.add_value(val)

    def ExitResult(self, result: Any) -> None:
        self.export_results(result)

    def Enter(self) -> None:
        self.enter()

    def Exit(self) -> None:
        self.exit()

    @property
    def _values(self) -> set[str]:
        return self.values

    @property
    def _external_values(self) -> dict[str, Tensor]:
        return self.external

    def to_proto(self, export_scope: str | None = None) -> Any:
        """This context as a `CondContextDef` or `WhileContextDef`, its names without `export_scope`.

        Returns:
          The proto, or None when the context is outside of `export_scope`.
        """
        scope = export_scope or ""
        if scope and not self.name.startswith(scope):
            return None

        def stripped(name: str) -> str:
            return name[len(scope) + 1:] if scope and name.startswith(scope + "/") else name

        proto = self._own_proto(lambda tensor: stripped(tensor.name))
        proto.context_name = stripped(self.name)
        proto.values_def.values.extend(stripped(name) for name in sorted(self.values))
        for name, tensor in self.external.items():
            proto.values_def.external_values[stripped(name)] = stripped(tensor.name)
        for inner in self.nested:
            inner.to_control_flow_context_def(proto.nested_contexts.add(), export_scope)
        return proto

    def AddInnerOp(self, op: Operation) -> None:
        """Tell the contexts around this one of an operation within it."""
        if self.outer_context is not None:
            self.outer_context.AddInnerOp(op)

    def EnterGradientColocation(self, op: Operation, gradient_uid: Any) -> None:
        """Tell the contexts around this one that the gradient of an operation is being made."""
        if self.outer_context is not None:
            self.outer_context.EnterGradientColocation(op, gradient_uid)

    def ExitGradientColocation(self, op: Operation, gradient_uid: Any) -> None:
        """Tell the contexts around this one that the gradient of an operation is made."""
        if self.outer_context is not None:
            self.outer_context.ExitGradientColocation(op, gradient_uid)

    def _own_proto(self, named: Callable[[Tensor], str]) -> Any:
        """The proto with what only this kind of context has; `named` gives a tensor's name in it."""
        raise NotImplementedError

    def enter(self) -> None:
        """Make this the context of new operations."""
        stacks = get_default_graph()._stacks
        self._entered.append(stacks.control_flow)
        stacks.control_flow = self

    def exit(self) -> None:
        """Go back to the context before `enter`."""
        get_default_graph()._stacks.control_flow = self._entered.pop()

    def __enter__(self) -> ControlFlowContext:
        self.enter()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.exit()

    def while_context(self) -> Any:
        """The innermost loop around or equal to this, or None."""
        return util.containing_while(self)

    def control_pivot(self) -> Tensor | None:
        """The tensor after which operations without inputs have to run, or None."""
        return None

    def add_name(self, name: str) -> None:
        self.values.add(name)

    def add_value(self, value: Tensor) -> Tensor:
        """What stands inside this context for a tensor."""
        raise NotImplementedError

    def export_results(self, results: Any) -> None:
        """Make the results of this context known to the one around it."""
        if self.outer_context is not None:
            for tensor in nest.flatten(results, expand_composites=True):
                self.outer_context.values.add(tensor.name)

    def AddOp(self, op: Operation) -> None:
        """Take a new operation in: called by the graph, under the name scope of the operation."""
        stacks = op.graph._stacks
        old = stacks.names
        # TensorFlow opens the scope in its op functions, and constants and calls have none.
        if op.type != "Const" and op.type not in op.graph._functions:
            stacks.names = op.name
        try:
            self.adopt(op)
        finally:
            stacks.names = old

    def adopt(self, op: Operation) -> None:
        """Route what `op` reads from outside through this context."""
        raise NotImplementedError

    def take_summaries(self) -> list[Any]:
        """The summaries made inside; they leave their collection, and what the inside gives is to wait for them."""
        graph = self.graph
        with graph._lock:
            if SUMMARIES not in graph._collections:
                return []
            inside: list[Any] = []
            outside: list[Any] = []
            for item in graph._collections[SUMMARIES]:
                ours = util.contains(self, getattr(item, "op", item)._control_flow_context)
                (inside if ours else outside).append(item)
            graph._collections[SUMMARIES][:] = outside
        return inside

    def close_to_user(self, op: Operation) -> None:
        """Say that values inside can neither be fetched nor fed."""
        if self.outer_context is not None or not util.is_loop_exit(op):
            op.graph.prevent_fetching(op)
            for output in op._outputs:
                op.graph.prevent_feeding(output)

    def drop_external_controls(self, op: Operation) -> tuple[list[Operation], list[Operation]]:
        """Remove control inputs from outside of the enclosing loop.

        Returns:
          The control inputs that stay, and those that were removed.
        """
        loop = self.while_context()
        if loop is None or not op._control_inputs:
            return list(op._control_inputs), []
        inside: list[Operation] = []
        outside: list[Operation] = []
        for control in op._control_inputs:
            ctx = control._output_context()
            (inside if ctx is not None and ctx.while_context() is loop else outside).append(control)
        if outside:
            op._remove_all_control_inputs()
            op._add_control_inputs(inside)
        return inside, outside

    def check_use(self, op: Operation, source: Operation) -> None:
        """Check that `op` may read an output of `source`, which was made in this context.

        Raises:
          ValueError: `source` is in a loop in which `op` is not.
        """
        given = source._output_context()
        ctx = op._control_flow_context
        if given is None or ctx is given:
            return
        loop, source_loop = util.containing_while(ctx), util.containing_while(given)
        if loop is None:
            if source_loop is None or util.is_loop_enter(op) or util.is_switch(op):
                return
            raise ValueError(f"Cannot use '{source.name}' as input to '{op.name}' because '{source.name}' is in a "
                             "while loop. See info log for more details.\nOnly what the loop returns can be used after "
                             "it.")
        if util.contains(source_loop, loop):
            return
        state, source_state = loop.grad_state, source_loop.grad_state
        if state is not None and (util.contains(source_loop, state.forward_context)
                                  or state.forward_context is source_loop.outer_context
                                  or util.contains(state.forward_context, source_loop)):
            return
        if source_state is not None and (source_state.forward_context is loop
                                         or (source_state.forward_context.grad_state is not None
                                             and source_state.forward_context.grad_state.forward_context is loop)):
            return
        raise ValueError(f"Cannot use '{source.name}' as input to '{op.name}' because they are in different while "
                         "loops. See info log for more details.")
