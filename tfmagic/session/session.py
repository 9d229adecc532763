"""Session and InteractiveSession: run parts of a graph and keep its state."""

from __future__ import annotations

import atexit
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tfmagic.base import errors, lazy
from tfmagic.base.export import export
from tfmagic.graph import context
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.cache import Cache
from tfmagic.session.devices import process
from tfmagic.session.ending import end_threads

if TYPE_CHECKING:
    from tfmagic.session.targets import Target

# Calls, and plans, that a session keeps.
_CALLS_KEPT = 512
_alive: weakref.WeakSet[BaseSession] = weakref.WeakSet()
atexit.register(end_threads)


class BaseSession:
    """What `Session` and `InteractiveSession` share.

    Attributes:
      last_feeds: what the last run with feeds was fed, for those who look at values between runs.
      jit: whether plans are compiled by torch's compiler, as a config's `global_jit_level` says; it may be set.

    Args:
      target: "" (this process), or a server's.
      graph: the graph to run; by default the default graph.
      config: a `ConfigProto`; without one, what `tf.config` was told holds.

    Raises:
      TypeError: an argument is of the wrong type.
      NotFoundError, UnimplementedError: `target` names no server of this process.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None):
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if target is not None and not isinstance(target, (str, bytes)):
            raise TypeError(f"target must be a string, but got {type(target)}")
        if config is not None and type(config).__name__ != "ConfigProto":
            raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
        self._target = _target(target)
        self._graph = context.get_default_graph() if graph is None else graph
        self._config = process.PROCESS.config() if config is None else config
        self._closed = False
        self._calls: Cache[Any] = Cache(_CALLS_KEPT)
        self._plans: Cache[Any] = Cache(_CALLS_KEPT)
        self._limit = max(config.operation_timeout_in_ms, 0) if config is not None else 0
        self._lock = threading.RLock()
        self._was_reset = False
        self._jit = self._config is not None and self._config.graph_options.optimizer_options.global_jit_level > 0
        self._parts: dict[str, Any] = {}
        self._parts_made = 0
        self._resources: Any = None
        self._placer: Any = None
        self._captures: Any = None
        self.last_feeds: Any = {}
        (_alive if self._target is None else self._target.sessions).add(self)

    # --- what a session has -----------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a `GraphDef` proto."""
        return self._graph.as_graph_def(add_shapes=False)

    @property
    def sess_str(self) -> str:
        """The target: "" for this process, or a server's."""
        return "" if self._target is None else self._target.name

    @property
    def jit(self) -> bool:
        return self._jit

    @jit.setter
    def jit(self, wanted: bool) -> None:
        with self._lock:
            if wanted != self._jit:
                self._jit = wanted
                self._calls.clear()  # each has its plan already

    @property
    def resources(self) -> Any:
        """The session's `ResourceStore`."""
        if self._resources is None:
            from tfmagic.session.resources.store import ResourceStore

            self._resources = ResourceStore(
                0 if self._config is None else self._config.intra_op_parallelism_threads,
                None if self._target is None else self._target.store)
        return self._resources

    @property
    def placer(self) -> Any:
        """The session's `Placer`: its devices and the rules by which operations get them."""
        if self._placer is None:
            from tfmagic.session.devices import settings
            from tfmagic.session.devices.listing import default_kind, session_devices
            from tfmagic.session.place import Placer

            config = self._config
            if config is not None:
                settings.apply(config)
            self._placer = Placer(session_devices(config, None if self._target is None else self._target.place),
                                  config is not None and config.allow_soft_placement,
                                  default_kind())
            if self._placer.has_gpu:
                from tfmagic.session.tiers.captures import Captures

                settings.multiply_in_float32()
                self._captures = Captures()
                self.resources.gpus = True
        return self._placer

    def list_devices(self) -> list[Any]:
        """The devices of this session: objects with `name`, `device_type` and `memory_limit_bytes`."""
        self._check_open_below()
        return list(self.placer.available)

    def close(self) -> None:
        """Free what the session holds; it cannot run any more."""
        with self._lock:
            self._closed = True
            self._calls.clear()
            self._plans.clear()
            if self._captures is not None:
                self._captures.clear()
            if self._resources is not None:
                self._resources.close()

    def __reduce__(self) -> Any:
        raise TypeError("A Session cannot be pickled: its state is that of this process. Pickle what it computes.")

    def __del__(self) -> None:
        self._closed = True

    def as_default(self) -> Any:
        """Make this session the default within a `with` block, without closing it afterwards."""
        return _AsDefault(self)

    def _check_open(self) -> None:
        if self._closed:
            if self._was_reset:
                raise self._lost() if self._target is not None else self._cancelled()
            raise RuntimeError("Attempted to use a closed Session.\nMake a new one: sess = tf.Session().")

    def _check_open_below(self) -> None:
        """What TensorFlow's C library asks, and not its Python: it has another error."""
        if self._closed:
            raise self._cancelled()

    def _lost(self) -> errors.AbortedError:
        return errors.AbortedError(None, None, f"Session {id(self):016x} is not found.\nIts server was reset.")

    def lose(self) -> None:
        """Close the session from outside, as `Session.reset` does."""
        if not self._closed:
            BaseSession.close(self)
            self._was_reset = True

    @staticmethod
    def _cancelled() -> errors.CancelledError:
        return errors.CancelledError(None, None, "Session has been closed.\nMake a new one: sess = tf.Session().")

    # --- running ----------------------------------------------------------------------------------------------

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run operations and compute tensors.

        Args:
          fetches: a tensor, operation, variable or name, or any nesting of lists, tuples and dicts of these.
          feed_dict: values for tensors (placeholders or any others): Python scalars, lists, NumPy arrays, strings.
          options: a `RunOptions` proto.
          run_metadata: a `RunMetadata` proto to fill, when `options` asks for a trace.

        Returns:
          NumPy values in the form of `fetches`; None for an operation.

        Raises:
          RuntimeError: the session is closed.
          TypeError, ValueError: something cannot be fetched or fed.
          tf.errors.OpError: an operation failed; no variable has changed then.
        """
        if options is not None or run_metadata is not None:
            return self._run_with_options(fetches, feed_dict, options, run_metadata)
        kind = type(fetches)
        key: Any = None
        try:
            key = (kind, *fetches) if kind is list or kind is tuple else fetches
            if feed_dict:
                key = (key, *feed_dict)
                self.last_feeds = feed_dict
            call = self._calls.entries[key]
        except (KeyError, TypeError):  # not known, or nested: what it is made of is looked for
            from tfmagic.session.fetches import key_of

            key = key_of(fetches, feed_dict)
            call = None if key is None else self._calls.entries.get(key)
        if call is not None:
            call.recent = True
            if call.edits == self._graph._edits or self._holds(call):
                return call.run(feed_dict.values() if feed_dict else ())
            self._calls.drop(key, call)
        call, feeds = self._prepare(fetches, feed_dict)
        result = call.run(feeds.values())
        if feed_dict and list(feed_dict) != list(feeds):
            from tfmagic.session.feeds import spreading

            parts = spreading(feed_dict)
            if parts is None or len(parts(feed_dict.values())) != len(feeds):  # two keys may name one tensor
                return result
            call.spread(parts)
        if key is not None:
            self._calls.put(key, call)
        return result

    def _holds(self, entry: Any) -> bool:
        """Whether a call or plan is good still: none of its nodes has been changed since it was made."""
        edits = self._graph._edits
        if entry.has_any_of(self._graph._edited_since(entry.edits)):
            return False
        entry.edits = edits
        return True

    def _prepare(self, fetches: Any, feed_dict: Any) -> tuple[Any, dict[Tensor, Any]]:
        """The call for these arguments, and the feeds by tensor."""
        self._check_open()
        lazy.imported("tfmagic.session.call")  # torch with it
        from tfmagic.session import conversions
        from tfmagic.session import feeds as feeding
        from tfmagic.session.fetches import Fetches

        if not self._graph._operations:
            raise RuntimeError("The Session graph is empty.  Add operations to the graph before calling run().")
        feeds = feeding.expand(self._graph, feed_dict) if feed_dict else {}
        parts = Fetches(self._graph, fetches)
        single = isinstance(fetches, Tensor) or (len(parts.tensors) == 1 and not parts.targets
                                                 and not isinstance(fetches, (list, tuple, dict))
                                                 and not hasattr(fetches, "_fetch_parts")
                                                 and conversions.of(fetches) is None)
        converters = [feeding.converter(tensor, self.placer.has_gpu) for tensor in feeds]
        return self._call(parts, list(feeds), converters, single), feeds

    def _call(self, parts: Any, feeds: list[Tensor], converters: Sequence[Callable[[Any], Any]], single: bool) -> Any:
        from tfmagic.session import tensor_handles
        from tfmagic.session.call import Call, Echo

        handles = tensor_handles.places(parts.tensors)
        build = tensor_handles.building(self, parts, handles) if handles else parts.build
        single = single and not handles

        def execution(shapes: Any) -> Any:
            return self.execution(parts.tensors, parts.targets, feeds, shapes)

        def assume(shapes: Any, assumed: Any) -> Any:
            return self._execution(parts.tensors, parts.targets, feeds, shapes, assumed)

        fed = {tensor: place for place, tensor in enumerate(feeds)}
        echoed = [(place, fed[tensor]) for place, tensor in enumerate(parts.tensors) if tensor in fed]
        if echoed:
            return Echo(execution, feeds, converters, build, self._graph._edits, self._limit, assume, echoed)
        return Call(execution, feeds, converters, build, single, self._graph._edits, self._limit, assume)

    def execution(self, tensors: Sequence[Tensor], targets: Sequence[Operation], feeds: Sequence[Tensor],
                  shapes: Any = None) -> Any:
        """The `Execution` of these fetches and feeds, from the cache or made now.

        Args:
          tensors: what is fetched.
          targets: what is run.
          feeds: what is fed.
          shapes: the shapes of the feeds' values, or None for a plan that takes any.
        """
        key = (tuple(tensors), tuple(targets), tuple(feeds), shapes, self._jit)
        with self._lock:
            execution = self._plans.entries.get(key)
            if execution is not None:
                execution.recent = True
                if self._holds(execution):
                    return execution
            edits = self._graph._edits
            execution = self._execution(tensors, targets, feeds, shapes)
            execution.edits = edits
            self._plans.put(key, execution)
            if self._config is not None and self._config.log_device_placement:
                self._log_placement(execution.plan)
            return execution

    def _execution(self, tensors: Sequence[Tensor], targets: Sequence[Operation], feeds: Sequence[Tensor],
                   shapes: Any, assumed: Any = MappingProxyType({})) -> Any:
        from tfmagic.session import tiers
        from tfmagic.session.denormals import flushing
        from tfmagic.session.execution import Execution
        from tfmagic.session.planning import make_plan

        with self._lock:
            plan = flushing(lambda: make_plan(tensors, targets, feeds, self._torch_device, self.resources, shapes,
                                              assumed=assumed))()
            return Execution(plan, self.resources, tiers.of(plan, self._jit, self._captures))

    def _torch_device(self, op: Operation) -> str:
        return self.placer.place(op).torch_name

    def _log_placement(self, plan: Any) -> None:
        for op in sorted(plan.ops, key=lambda op: op._id):
            print(f"{op.name}: ({op.type}): {self.placer.place(op).name}", file=sys.stderr)

    def _run_with_options(self, fetches: Any, feed_dict: Any, options: Any, run_metadata: Any) -> Any:
        if options is not None and type(options).__name__ != "RunOptions":
            raise TypeError(f"options must be a tf.RunOptions, but got {type(options)}")
        if run_metadata is not None and type(run_metadata).__name__ != "RunMetadata":
            raise TypeError(f"run_metadata must be a tf.RunMetadata, but got {type(run_metadata)}")
        call, feeds = self._prepare(fetches, feed_dict)
        if options is not None and options.inter_op_thread_pool:
            self._check_pool(options.inter_op_thread_pool)
        if run_metadata is not None and options is not None and options.output_partition_graphs:
            from tfmagic.session import tracing

            tracing.tell_partitions(self, call, list(feeds.values()), run_metadata)
        if run_metadata is not None and options is not None and options.trace_level:
            from tfmagic.session import tracing

            return tracing.run(self, call, list(feeds.values()), run_metadata)
        if options is not None and options.timeout_in_ms > 0:
            return call.limited(feeds.values(), options.timeout_in_ms)
        return call.run(feeds.values())

    def _check_pool(self, pool: int) -> None:
        """Refuse the number of a thread pool that the session was not asked for (-1: the caller's own thread)."""
        if pool < -1 or pool >= max(1, len(self._config.session_inter_op_thread_pool) if self._config else 0):
            raise errors.InvalidArgumentError(None, None, f"Invalid inter_op_thread_pool: {pool}")

    def make_callable(self, fetches: Any, feed_list: Sequence[Any] | None = None,
                      accept_options: bool = False) -> Callable[..., Any]:
        """A function that runs `fetches` and takes the values of `feed_list` as its arguments.

        Raises:
          TypeError: `feed_list` is no list of tensors.
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("`feed_list` must be a list or tuple.")
        self._check_open_below()
        from tfmagic.session import feeds as feeding
        from tfmagic.session.fetches import Fetches

        tensors = [self._graph.as_graph_element(item, allow_tensor=True, allow_operation=False)
                   for item in feed_list or ()]
        parts = Fetches(self._graph, fetches)
        converters = [feeding.converter(tensor, self.placer.has_gpu) for tensor in tensors]

        def make() -> Any:
            return self._call(parts, tensors, converters, single=False)

        call: Any = None  # what misses a feed is said when it is called

        def run(*values: Any, **kwargs: Any) -> Any:
            nonlocal call
            self._check_open()
            if kwargs and not (accept_options and set(kwargs) <= {"options", "run_metadata"}):
                raise TypeError(f"unexpected argument {sorted(kwargs)[0]!r}")
            if len(values) > len(converters):
                raise TypeError(f"Function expects {len(converters)} arguments, one per tensor of feed_list, got "
                                f"{len(values)}.")
            if len(values) < len(converters):  # what is not fed may have a default
                return self.run(fetches, dict(zip(tensors, values)))
            if call is None or call.edits != self._graph._edits and not self._holds(call):
                call = make()
            return call.run(values)

        return run

    # --- partial runs -----------------------------------------------------------------------------------------

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Prepare a run whose feeds come in several calls of `partial_run`.

        Args:
          fetches: everything that will be fetched, as a list.
          feeds: the tensor or tensors that will be fed.

        Returns:
          A handle for `partial_run`.
        """
        self._check_open()
        from tfmagic.session.partial_run import PartialRun

        listed = feeds if isinstance(feeds, (list, tuple)) else [] if feeds is None else [feeds]
        partial = PartialRun(self, fetches, listed)
        handle = f"{partial.described()};{self._parts_made}"
        self._parts_made += 1
        self._parts[handle] = partial
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: Any = None) -> Any:
        """Go on with a partial run: feed more and fetch what can be computed by now.

        Raises:
          InvalidArgumentError: the handle is unknown, or a feed or fetch was not named in the setup or is used twice.
          RuntimeError: an operation is fetched.
        """
        self._check_open()
        from tfmagic.session.partial_run import tensors_of

        parts = tensors_of(self._graph, fetches)
        if handle not in self._parts:
            raise errors.InvalidArgumentError(None, None, "Must run 'setup' before performing partial runs!\n"
                                                          f"There is no partial run {handle!r}.")
        partial = self._parts[handle]
        result = partial.run(parts, feed_dict or {})
        if partial.is_over:
            self._parts.pop(handle, None)
        return result


def _target(name: str | bytes | None) -> Target | None:
    """The server of this process that a target names; None for the process itself."""
    if not name:
        return None
    from tfmagic.session import targets

    return targets.found(name)


class _AsDefault:
    """The context manager of `Session.as_default`."""

    def __init__(self, session: BaseSession):
        self._session = session

    def __enter__(self) -> BaseSession:
        context.push_session(self._session)
        return self._session

    def __exit__(self, *exc_info: Any) -> None:
        context.pop_session(self._session)


@export("Session")
class Session(BaseSession):
    """Runs a graph's operations; as a context manager it is the default session and closes at the end.

    Args:
      target: "" (this process), or a server's.
      graph: the graph to run; by default the default graph.
      config: a `ConfigProto`.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None):
        super().__init__(target, graph, config)
        self._entered = False

    def __enter__(self) -> Session:
        if self._entered:
            raise RuntimeError("Session context managers are not re-entrant. Use `Session.as_default()` if you want "
                               "to enter "
                               "a session multiple times.")
        self._entered = True
        context.push_graph(self._graph)
        context.push_session(self)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        self._entered = False
        context.pop_session(self)
        context.pop_graph(self._graph)
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Close all sessions of a target and drop what they hold.

        Args:
          target: "" (this process), or a server's.
          containers: the resource containers of a server to empty, by default all; another session keeps none.
          config: taken for TensorFlow's sake; what it says concerns remote targets.

        Raises:
          NotFoundError, UnimplementedError: `target` names no server of this process.
        """
        found = _target(target)
        sessions = _alive if found is None else found.sessions
        for session in list(sessions):
            session.lose()
        if found is not None:
            found.store.drop(frozenset(containers) if containers else None)


_interactive_sessions = 0


@export("InteractiveSession")
class InteractiveSession(BaseSession):
    """A session that makes itself the default when it is made, for use in a shell or notebook."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None):
        global _interactive_sessions
        super().__init__(target, graph, config)
        _interactive_sessions += 1
        if _interactive_sessions > 1:
            warnings.warn("An interactive session is already active. This can cause out-of-memory errors in some "
                          "cases. "
                          "You must explicitly call `InteractiveSession.close()` to release resources held by the "
                          "other session(s).", stacklevel=2)
        self._counted = True
        self._explicit_graph = graph
        context.push_session(self)
        if graph is not None:
            context.push_graph(graph)

    def close(self) -> None:
        """Close the session; it is the default no longer."""
        global _interactive_sessions
        super().close()
        if self._counted:
            self._counted = False
            _interactive_sessions -= 1
            if self._explicit_graph is not None:
                context.pop_graph(self._explicit_graph)
            context.pop_session(self)
