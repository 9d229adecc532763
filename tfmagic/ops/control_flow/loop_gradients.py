"""The gradient of a `while_loop` is a loop itself: it runs backwards over values that the forward loop has pushed on
stacks. Here: which loops lie on the way of one `tf.gradients` call, and how values come over from each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.ops.control_flow import nodes, util
from tfmagic.ops.control_flow.cond import CondContext
from tfmagic.ops.control_flow.routing import close_loop, leave, merge, next_iteration, switch, switch_ref_or_tensor
from tfmagic.ops.control_flow.while_loop import WhileContext


class GradLoopState:
    """One loop on the way of a `tf.gradients` call: the forward loop, and the loop of its gradient.

    Attributes:
      forward_index: the counter of the forward loop, after each iteration; pushes follow it.
      grad_index: the counter of the gradient loop.
      history: what stands in the gradient loop for a forward value, by name.
      switch_merges: the Merge in the gradient loop for each Switch of the forward loop.
    """

    def __init__(self, forward: WhileContext, outer: GradLoopState | None):
        self.outer = outer
        self.history: dict[str, Tensor] = {}
        self.switch_merges: dict[Operation, Any] = {}
        self.unused_exits: list[Tensor] = []
        self.deferred_exits: list[Tensor] = []
        self.forward_exits = list(forward.loop_exits)
        self.pending_exits = len(forward.loop_exits)
        self.forward_context = forward
        self._forward_sync: Operation | None = None
        self._grad_sync: Operation | None = None
        outer_forward: Any = outer.forward_context if outer is not None else forward.outer_context
        with _within(outer_forward):
            count, self.forward_index = self._forward_counter()
        if outer is None:
            with _within(outer_forward):
                self._make_grad_loop(lambda: count)
            return
        outer_forward.add_name(count.name)
        history = outer.accumulate(count)
        with outer.grad_context:
            self._make_grad_loop(lambda: outer.accumulated(history, count))

    def _make_grad_loop(self, count: Callable[[], Tensor]) -> None:
        forward = self.forward_context
        self.grad_context = WhileContext(forward.maximum_iterations, forward.parallel_iterations, forward.back_prop,
                                         forward.swap_memory, forward.name, self)
        self.grad_index = self._backward_counter(count())

    # --- counters ---------------------------------------------------------------------------------------------

    def _forward_counter(self) -> tuple[Tensor, Tensor]:
        """Count the iterations of the forward loop.

        Returns:
          The total number, and the counter on its way to the next iteration.
        """
        loop = self.forward_context
        start = constant(0, name="f_count")
        if self.outer is not None:  # pushes of one run of an inner loop come before those of its next run
            start.op._add_control_input(self.outer.forward_index.op._inputs[0].op)
        with loop:
            loop.add_name(start.name)
            entered = loop.enter_value(start, name="f_count")
            loop.loop_enters.append(entered)
            merged = merge([entered, entered])[0]
            pair = switch(merged, loop.pivot)
            following = next_iteration(raw.add(pair[1], 1))
            close_loop(merged.op, following)
            total = leave(pair[0], name="f_count")
            loop.loop_exits.append(total)
            loop.export_results([total])
        return total, following

    def _backward_counter(self, count: Tensor) -> Tensor:
        """Let the gradient loop run `count` times."""
        loop = self.grad_context
        one = constant(1, name="b_count")
        with loop:
            loop.add_name(count.name)
            entered = loop.enter_value(count, name="b_count")
            loop.loop_enters.append(entered)
            merged = merge([entered, entered])[0]
            loop.pivot_for_pred = merged
            loop.pivot = raw.loop_cond(raw.greater_equal(merged, one), name="b_count")
            pair = switch(merged, loop.pivot)
            index = raw.sub(pair[1], one)
            loop.pivot_for_body = index
            following = next_iteration(index)
            close_loop(merged.op, following)
            final = leave(pair[0], name="b_count")
            loop.loop_exits.append(final)
            if self.outer is not None:  # pops of one run of an inner loop come before those of its next run
                self.outer.grad_sync._add_control_input(final.op)
            loop.export_results([final])
        return following

    @property
    def forward_sync(self) -> Operation:
        """What the next iteration of the forward loop waits for."""
        if self._forward_sync is None:
            with get_default_graph().control_dependencies(None):
                self._forward_sync = raw.control_trigger(name="f_sync")
            self._forward_sync._control_flow_context = self.forward_context
            self.forward_index.op._add_control_input(self._forward_sync)
        return self._forward_sync

    @property
    def grad_sync(self) -> Operation:
        """What the next iteration of the gradient loop waits for."""
        if self._grad_sync is None:
            with get_default_graph().control_dependencies(None):
                self._grad_sync = raw.control_trigger(name="b_sync")
            self._grad_sync._control_flow_context = self.grad_context
            self.grad_index.op._add_control_input(self._grad_sync)
        return self._grad_sync

    # --- values of the forward loop ---------------------------------------------------------------------------

    def accumulate(self, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Push a value on a stack in every iteration of the forward loop.

        Args:
          value: a tensor of the forward loop, or of a cond inside it.
          dead_branch: whether it is the branch that was not taken of a Switch that is accumulated.

        Returns:
          The handle of the stack.
        """
        graph = get_default_graph()
        forward = self.forward_context
        current = graph._stacks.control_flow
        with graph.control_dependencies(None):
            with _within(current), graph.colocate_with(value):
                size = constant(-1, dtypes.int32)
                stack = raw.stack_v2(size, value._dtype.base_dtype, name="f_acc")
            inside = forward.add_value(stack)
            swap = forward.swap_memory
            ctx = value.op._output_context()
            if ctx is forward:
                with forward:
                    push = raw.stack_push_v2(inside, value, swap_memory=swap)
                self.forward_index.op._add_control_input(push.op)
            else:
                if not isinstance(ctx, CondContext):
                    raise TypeError(f"value_ctxt is not a CondContext: {ctx}")
                with _within(ctx.outer_context if dead_branch else ctx):
                    push = raw.stack_push_v2(inside, value, swap_memory=swap)
                if dead_branch:
                    push.op._control_flow_context = ctx
                self.forward_sync._add_control_input(push.op)
            push.op._add_control_input(self.forward_index.op._inputs[0].op)
            return stack

    def accumulated(self, stack: Tensor, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Pop what `accumulate` pushed, in the gradient loop."""
        stack_ctx = stack.op._control_flow_context
        branch: CondContext | None = None
        ctx = value.op._control_flow_context
        while ctx is not None and ctx is not stack_ctx:
            if isinstance(ctx, CondContext):
                branch = ctx
                break
            ctx = ctx.outer_context
        with get_default_graph().control_dependencies(None), self.grad_context:
            if branch is not None:
                state: GradLoopState | None = self
                pred = None
                while pred is None and state is not None:
                    pred = state.history.get(branch.pred.name)
                    state = state.outer
                side = 1 - branch.branch if dead_branch else branch.branch
                stack = switch_ref_or_tensor(stack, branch.pred if pred is None else pred)[side]
            pop = raw.stack_pop_v2(stack, value._dtype.base_dtype)
            pop.set_shape(value.shape)
        if self.grad_context.parallel_iterations > 1:
            self.grad_sync._add_control_input(pop.op)
        return pop

    def real_value(self, value: Tensor) -> Tensor:
        """What stands in the gradient loop for a value of the forward loop."""
        real = self.history.get(value.name)
        if real is not None:
            return real
        current: Tensor = value
        state: GradLoopState = self
        while True:
            entered = util.constant_enter(current)
            if entered is not None:
                current = entered._inputs[0]
                if state.outer is None:  # an invariant of all loops
                    real = self.grad_context.add_value(current)
                    break
                state = state.outer
            elif current.op.type == "Const":
                real = constant(current.op._attrs["value"], dtype=current._dtype)
                break
            else:
                self.grad_context.exit()
                stack = state.accumulate(current)
                self.grad_context.enter()
                real = state.accumulated(stack, current)
                if state is not self:
                    real = self.grad_context.add_value(real)
                break
        self.history[value.name] = real
        return real

    # --- gradients of loop invariants -------------------------------------------------------------------------

    def sum_over_iterations(self, op: Operation, grad: Any) -> Any:
        """The gradient of a loop invariant: what all iterations contribute, added up.

        Args:
          op: the Enter of the invariant.
          grad: its gradient in one iteration.
        """
        loop = self.grad_context
        if isinstance(grad, IndexedSlices):
            return self._gather_slices(op, grad)
        loop.exit()
        if grad.shape.is_fully_defined():
            with _within(loop.outer_context):
                start = constant(0, grad._dtype, shape=grad.shape, name="b_acc")
        else:
            start = self._zeros_of_invariant(op._inputs[0], grad._dtype)
        loop.enter()
        loop.add_name(start.name)
        entered = loop.enter_value(start, name="b_acc")
        loop.loop_enters.append(entered)
        merged = merge([entered, entered], name="b_acc")[0]
        false_side, true_side = switch(merged, loop.pivot)
        following = next_iteration(raw.add(true_side, grad))
        close_loop(merged.op, following)
        result = leave(false_side, name="b_acc")
        loop.loop_exits.append(result)
        loop.export_results([result])
        return result

    def _zeros_of_invariant(self, value: Tensor, dtype: dtypes.DType) -> Tensor:
        outer = self.grad_context.outer_context
        if isinstance(outer, WhileContext) and outer.grad_state is not None:
            assert self.outer is not None
            with _within(self.forward_context.outer_context):
                shape = nodes.dynamic_shape(value)
            stack = self.outer.accumulate(shape)
            with outer:
                return nodes.zeros(self.outer.accumulated(stack, shape), dtype)
        with _within(outer):
            return nodes.zeros(nodes.dynamic_shape(value), dtype)

    def _gather_slices(self, op: Operation, grad: IndexedSlices) -> IndexedSlices:
        loop = self.grad_context
        values, indices, dense_shape = grad.values, grad.indices, grad.dense_shape
        loop.exit()
        with _within(loop.outer_context):
            if values.shape.is_fully_defined():
                start_values = constant(0, values._dtype, shape=[1, *values._dims[1:]], name="b_acc")
            else:
                row = nodes.dynamic_shape(op._inputs[0])[1:]
                start_values = nodes.zeros(nodes.concat([[1], row]), values._dtype)
            starts = [constant([0], indices._dtype), start_values]
            if dense_shape is not None:
                if dense_shape.shape.is_fully_defined():
                    starts.append(constant(0, dense_shape._dtype, shape=dense_shape.shape))
                else:
                    starts.append(raw.zeros_like(raw.shape(op._inputs[0], out_type=dense_shape._dtype)))
        loop.enter()
        for start in starts:
            loop.add_name(start.name)
        entered = [loop.enter_value(start, use_input_shape=False, name="b_acc") for start in starts]
        entered[0].set_shape([None])
        if start_values._dims is not None:
            entered[1].set_shape([None, *start_values._dims[1:]])
        loop.loop_enters.extend(entered)
        merges = [merge([tensor, tensor], name="b_acc")[0] for tensor in entered]
        pairs = [switch(tensor, loop.pivot) for tensor in merges]
        grown = [nodes.concat([pairs[0][1], indices]), nodes.concat([pairs[1][1], values])]
        if dense_shape is not None:
            grown.append(raw.maximum(dense_shape, pairs[2][1]))
        following = [next_iteration(tensor) for tensor in grown]
        for merged, tensor in zip(merges, following):
            close_loop(merged.op, tensor)
        results = [leave(pair[0], name="b_acc") for pair in pairs]
        loop.loop_exits.extend(results)
        loop.export_results(results)
        return IndexedSlices(results[1], results[0], results[2] if dense_shape is not None else None)


class _within:  # reads as a phrase
    """Enter a context that may be None."""

    def __init__(self, ctx: Any):
        self._ctx = ctx

    def __enter__(self) -> None:
        if self._ctx is not None:
            self._ctx.enter()

    def __exit__(self, *exc_info: Any) -> None:
        if self._ctx is not None:
            self._ctx.exit()


def find_loops(between: list[Operation], between_set: set[Operation], colocate: bool) -> LoopStates | None:
    """The loops among the operations on the way of a `tf.gradients` call, or None when there are none.

    All exits of such a loop are added to `between`.
    """
    states: LoopStates | None = None
    for op in between:
        if util.is_loop_exit(op):
            if states is None:
                states = LoopStates()
            if colocate:
                with op.graph.colocate_with(op):
                    states.add(op, between, between_set)
            else:
                states.add(op, between, between_set)
    return states


class LoopStates:
    """The loops on the way of one `tf.gradients` call."""

    def __init__(self) -> None:
        self._states: dict[Any, GradLoopState] = {}

    def add(self, exit_op: Operation, between: list[Operation], between_set: set[Operation]) -> None:
        """Meet the loop of an Exit."""
        forward = util.while_context(exit_op)
        if forward is None:
            raise ValueError(f"'{exit_op.name}' leaves a loop of which the graph only has the nodes. Import the graph "
                             "by its MetaGraphDef (tf.train.import_meta_graph), which says what belongs to the loop.")
        if forward in self._states:
            return
        outer = forward.outer_context
        outer = None if outer is None else outer.while_context()
        state = self._states[forward] = GradLoopState(forward, None if outer is None else self._states.get(outer))
        for tensor in state.forward_exits:
            if tensor.op not in between_set:
                between_set.add(tensor.op)
                between.append(tensor.op)

    def _of(self, op: Operation, before: bool) -> GradLoopState | None:
        """The state of the loop around `op`: of an Exit the loop that it leaves, or with `before` the one around."""
        if before and util.is_loop_exit(op):
            forward = op._control_flow_context.outer_context
            forward = None if forward is None else forward.while_context()
        else:
            forward = util.while_context(op)
        return None if forward is None else self._states.get(forward)

    def enter(self, op: Operation, before: bool) -> None:
        """Enter the gradient loop in which the gradient of `op` belongs."""
        state = self._of(op, before)
        if state is not None:
            state.grad_context.enter()

    def exit(self, op: Operation, before: bool) -> None:
        """Leave it."""
        state = self._of(op, before)
        if state is not None:
            state.grad_context.exit()

    def is_exit(self, op: Operation) -> bool:
        return util.is_loop_exit(op)

    def is_loop_switch(self, op: Operation) -> bool:
        return util.is_loop_switch(op)

    def unused_exits(self, pending: dict[Operation, int], started: set[Operation]) -> list[Tensor]:
        """The exits of loops of which no exit waits for a gradient."""
        result: list[Tensor] = []
        for state in self._states.values():
            for tensor in state.forward_exits:
                if pending[tensor.op] == 0:
                    state.pending_exits -= 1
                    if tensor.op not in started:
                        state.unused_exits.append(tensor)
                    if state.pending_exits == 0:
                        result.extend(state.unused_exits)
            for tensor in state.forward_context.loop_enters:  # loop counters lead nowhere, but have to be passed
                if pending[tensor.op] == 0:
                    pending[tensor.op] = 1
        return result

    def exit_ready(self, tensor: Tensor, has_grads: Callable[[Operation], bool]) -> list[tuple[Tensor, bool]]:
        """Note that an exit has all its gradients; once all exits of the loop have, they can be passed.

        Returns:
          The exits to go on with, and for each whether zeros have to stand in for its missing gradient.
        """
        state = self._of(tensor.op, before=False)
        assert state is not None
        state.deferred_exits.append(tensor)
        state.pending_exits -= 1
        if state.pending_exits != 0:
            return []
        used = [exit_tensor for exit_tensor in state.deferred_exits if has_grads(exit_tensor.op)]
        state.unused_exits.extend(t for t in state.deferred_exits if t not in used)
        return [(t, False) for t in used] + [(t, bool(used)) for t in state.unused_exits]

    def finish(self) -> None:
        """Complete the gradient loops: a variable on whose old value the new one does not depend gets zeros."""
        for state in self._states.values():
            for merged in state.switch_merges.values():
                op = merged.op
                if op._inputs[0] is op._inputs[1]:
                    close_loop(op, self._zeros_for_later(state, op._inputs[0]))

    def _zeros_for_later(self, state: GradLoopState, first: Tensor) -> Tensor:
        loop = state.grad_context
        if first.shape.is_fully_defined():
            with loop:
                return next_iteration(constant(0, dtype=first._dtype, shape=first.shape))
        with _within(loop.outer_context):
            zeros = nodes.zeros(nodes.dynamic_shape(first.op._inputs[0]), first._dtype)
        with loop:
            return next_iteration(zeros)

    def zeros_like_for_exit(self, tensor: Tensor) -> Tensor:
        """Zeros as the gradient of an exit that nobody uses."""
        forward = tensor.op._control_flow_context
        outer = forward.outer_context
        outer_loop = None if outer is None else outer.while_context()
        state = None if outer_loop is None else self._states.get(outer_loop)
        if state is None:
            if tensor.shape.is_fully_defined():
                return nodes.zeros(tensor._dims, tensor._dtype)
            return raw.zeros_like(tensor, name="zeros_like")
        if tensor.shape.is_fully_defined():
            with state.grad_context:
                return nodes.zeros(tensor._dims, tensor._dtype)
        with outer:
            shape = nodes.dynamic_shape(tensor)
        stack = state.accumulate(shape)
        with state.grad_context:
            return nodes.zeros(state.accumulated(stack, shape), tensor._dtype)

    def zeros_like(self, op: Operation, index: int) -> Tensor | None:
        """Zeros as the gradient of an output that nobody uses (None where the loop itself sees to it)."""
        if util.is_loop_switch(op):
            return None
        forward = util.while_context(op)
        state = None if forward is None else self._states.get(forward)
        if state is None:
            return zeros_outside_loop(op, index)
        dead_branch = util.is_switch(op)
        ctx = op._control_flow_context
        value = op._outputs[index]
        if value.shape.is_fully_defined():
            if value._dtype.base_dtype is dtypes.resource:
                result = nodes.resource_zeros(value)
            else:
                result = constant(0, shape=value.shape, dtype=value._dtype)
            if dead_branch:
                result = switch_ref_or_tensor(result, state.history[ctx.pred.name])[1 - ctx.branch]
            return result
        if dead_branch:
            with ctx.outer_context:
                value = switch_ref_or_tensor(op._inputs[0], ctx.pred)[1 - ctx.branch]
                shape = nodes.dynamic_shape(value)
            value.op._control_flow_context = ctx
            shape.op._control_flow_context = ctx
        else:
            with ctx:
                shape = nodes.dynamic_shape(value)
        state.grad_context.exit()
        stack = state.accumulate(shape, dead_branch)
        state.grad_context.enter()
        return nodes.zeros(state.accumulated(stack, shape, dead_branch), value._dtype)


def zeros_outside_loop(op: Operation, index: int) -> Tensor:
    """Zeros as the gradient of an output that nobody uses; of a Switch, only when its branch is taken."""
    value = op._outputs[index]
    ctx = op._control_flow_context
    resource = value._dtype.base_dtype is dtypes.resource
    if not util.is_switch(op) or ctx is None:
        if resource:
            return nodes.zeros_of_variable(value)
        return raw.zeros_like(value, name="zeros_like")
    other = switch(op._inputs[0], ctx.pred)[1 - ctx.branch]
    pivot = raw.identity(other)
    graph = op.graph
    if resource:
        with graph.control_dependencies([pivot]):
            return nodes.zeros(raw.variable_shape(other), nodes.resource_dtype(value))
    shape = nodes.dynamic_shape(other)
    with graph.control_dependencies([pivot]):
        return nodes.zeros(shape, value._dtype)
