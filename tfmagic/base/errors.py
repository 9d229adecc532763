"""tf.errors: what a run can raise, by TensorFlow's classes and codes."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export

_CODES: dict[int, type[OpError]] = {}


class PickledOperation:
    """What a pickled error keeps of its operation: name and type."""

    node_def = None

    def __init__(self, name: str, type: str):
        self.name = name
        self.type = type

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


@export("OpError")
class OpError(Exception):
    """An error of a run, with the node in which it happened.

    Attributes:
      message: what went wrong.
      op: the `Operation` that failed, or None.
      node_def: its `NodeDef`, or None.
      error_code: the canonical code (3 for INVALID_ARGUMENT, ...).
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int):
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        # Of a failed run, where they are known: the shapes of the operation's inputs.
        self._input_dims: list[Any] | None = None
        # Of a run in steps: those until it failed.
        self._steps: Any = None

    @property
    def message(self) -> str:
        return self._message

    @property
    def op(self) -> Any:
        return self._op

    @property
    def error_code(self) -> int:
        return self._error_code

    @property
    def node_def(self) -> Any:
        if self._node_def is None and self._op is not None:
            return self._op.node_def
        return self._node_def

    def __reduce__(self):
        op = None if self._op is None else PickledOperation(self._op.name, self._op.type)
        rest = (self._error_code,) if type(self) in (OpError, UnknownError) else ()
        return type(self), (None, op, self._message, *rest)

    def __str__(self) -> str:
        return self._message


def _error(name: str, code: int, doc: str) -> Any:
    def __init__(self: OpError, node_def: Any, op: Any, message: str) -> None:
        OpError.__init__(self, node_def, op, message, code)

    cls = type(name, (OpError,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})
    _CODES[code] = cls
    return export("errors." + name)(cls)


class OperatorNotAllowedInGraphError(TypeError):
    """A tensor is used where Python wants a value: it has none before a run."""

    __module__ = "tensorflow.python.framework.errors_impl"


class InaccessibleTensorError(ValueError):
    """A tensor is used from outside the loop, branch or function that it belongs to."""

    __module__ = "tensorflow.python.framework.errors_impl"


CancelledError = _error("CancelledError", 1, "An operation or step was cancelled.")

@export("errors.UnknownError")
class UnknownError(OpError):
    """An error of unknown kind, or of another system."""

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int = 2):
        super().__init__(node_def, op, message, error_code)


_CODES[2] = UnknownError
InvalidArgumentError = _error("InvalidArgumentError", 3, "An operation received an invalid argument.")
DeadlineExceededError = _error("DeadlineExceededError", 4, "A deadline expired before an operation could complete.")
NotFoundError = _error("NotFoundError", 5, "A requested entity, such as a file, was not found.")
AlreadyExistsError = _error("AlreadyExistsError", 6, "An entity that should be created already exists.")
PermissionDeniedError = _error("PermissionDeniedError", 7, "The caller may not run this operation.")
ResourceExhaustedError = _error("ResourceExhaustedError", 8, "Some resource, such as memory, has been exhausted.")
FailedPreconditionError = _error("FailedPreconditionError", 9, "The system is not in the state that this needs.")
AbortedError = _error("AbortedError", 10, "An operation was aborted, typically by concurrent action.")
OutOfRangeError = _error("OutOfRangeError", 11, "An operation went past the valid range, such as the end of input.")
UnimplementedError = _error("UnimplementedError", 12, "An operation has not been implemented.")
InternalError = _error("InternalError", 13, "The system met an internal error.")
UnavailableError = _error("UnavailableError", 14, "The runtime is currently unavailable.")
DataLossError = _error("DataLossError", 15, "Unrecoverable data loss or corruption.")
UnauthenticatedError = _error("UnauthenticatedError", 16, "The request has no valid authentication credentials.")

CODES = {"OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5,
         "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9,
         "ABORTED": 10, "OUT_OF_RANGE": 11, "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14,
         "DATA_LOSS": 15, "UNAUTHENTICATED": 16}
for _name, _code in CODES.items():
    export("errors." + _name)(_code)


def invalid(message: str) -> OpError:
    """The error of a value that an op refuses; the session adds the node."""
    return InvalidArgumentError(None, None, message)


class _Status:
    """What went wrong, if anything did.

    Attributes:
      code: an error code; 0 where all went well.
      message: what there is to say.
    """

    def __init__(self) -> None:
        self.code = 0
        self.message = ""


@export("errors.raise_exception_on_not_ok_status")
class raise_exception_on_not_ok_status:
    """A context that gives a status, and raises the error which that status has at its end."""

    def __enter__(self) -> _Status:
        self.status = _Status()
        return self.status

    def __exit__(self, type_arg: Any, value_arg: Any, traceback_arg: Any) -> None:
        if self.status.code:
            kind: Any = exception_type_from_error_code(self.status.code)
            raise kind(None, None, self.status.message)


@export("errors.exception_type_from_error_code")
def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of error that has the canonical code `error_code`."""
    return _CODES[error_code]


@export("errors.error_code_from_exception_type")
def error_code_from_exception_type(cls: type[OpError]) -> int:
    """The canonical code of an error class."""
    return next(code for code, known in _CODES.items() if known is cls)
