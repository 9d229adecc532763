"""GPUs that are not there: tensors that say they are on one, computed on the CPU and as strict as CUDA about mixing.

Kernels, placement and plans can so be checked for a GPU on any machine: a value that was made on the wrong device,
a host array asked of a tensor that is not on the host, memory addressed directly, all fail as they would on a GPU.
What CUDA computes differently, and how fast, only a GPU can say. `pretended_streams` has its queues and its graphs.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from unittest import mock

import pretended_streams
import torch
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only, tree_unflatten

from tfmagic.session.devices import listing

KIND = "cudalike"  # the name of torch's devices, which plans know for CUDA's by its beginning
# Ops that take tensors of several devices on CUDA too.
_MIXING = frozenset({"aten::copy_", "aten::_to_copy", "aten::_foreach_copy_"})
# Ops whose indices may be on the host.
_INDEXING = frozenset({"aten::index", "aten::index_put_", "aten::index_put", "aten::_index_put_impl_",
                       "aten::_unsafe_index", "aten::_unsafe_index_put"})

# Below a wrapper nothing undoes what torch only marks on a tensor.
_COPIED = {"aten::_conj": torch.conj_physical, "aten::_neg_view": torch.neg}


class OnGpu(torch.Tensor):
    """A tensor that says it is on a GPU; `held` is the CPU tensor with its elements."""

    is_cuda = True

    @staticmethod
    def __new__(cls, held: torch.Tensor, device: torch.device) -> OnGpu:
        with torch.inference_mode(False):  # views of tensors made outside are made inside too
            made = torch.Tensor._make_wrapper_subclass(
                cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
                layout=held.layout, device=device)
        made.held = held
        return made

    def __repr__(self) -> str:
        return f"OnGpu({self.held!r}, {self.device})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return dispatch(func, args, kwargs or {})

    def tolist(self):
        pretended_streams.before("aten::item", None, (), {}, OnGpu)
        return self.held.tolist()

    def data_ptr(self):
        raise RuntimeError("the memory of a GPU is addressed")


def dispatch(func, args, kwargs):
    """One call of an op, on the CPU tensors that its arguments hold."""
    flat, form = tree_flatten((args, kwargs))
    on_gpu = [each for each in flat if isinstance(each, OnGpu)]
    asked = next((each for each in flat if isinstance(each, torch.device)), kwargs.get("device"))
    name = func._schema.name
    if not on_gpu and (asked is None or torch.device(asked).type != KIND):
        return _on_the_host(func, args, kwargs)
    if name not in _MIXING:
        _check_devices(name, on_gpu, args if name not in _INDEXING else (args[0], *args[2:]), kwargs)
    if torch.is_inference_mode_enabled() and func._can_decompose():  # elsewhere torch has done so before
        with _Mode():
            return func.decompose(*args, **kwargs)
    pretended_streams.before(name, func, args, kwargs, OnGpu)
    device = torch.device(asked) if asked is not None else on_gpu[0].device
    args_held, kwargs_held = tree_unflatten([_held(each) for each in flat], form)
    kwargs_held.pop("pin_memory", None)
    result = _COPIED.get(name, func)(*args_held, **kwargs_held)
    written = _written(func, args, kwargs)
    if written is not None:
        for each in flat:
            if isinstance(each, OnGpu) and each.held.shape != each.shape:
                raise NotImplementedError(f"{name} changes the shape of a tensor")
        result = written
    elif device.type == KIND:
        result = tree_map_only(torch.Tensor, lambda each: OnGpu(each, device), result)
    return pretended_streams.after(name, func, args, kwargs, result, OnGpu)


def _on_the_host(func, args, kwargs):
    if not kwargs.get("pin_memory"):
        return func(*args, **kwargs)
    return pretended_streams.pin(func(*args, **{**kwargs, "pin_memory": False}))


def _held(value):
    if isinstance(value, torch.device):
        return torch.device("cpu")
    return value.held if isinstance(value, OnGpu) else value


def _written(func, args, kwargs):
    """The arguments that an in-place op returns, or None."""
    returns = func._schema.returns
    if not returns or not all(each.alias_info is not None and each.alias_info.is_write for each in returns):
        return None
    named = dict(zip([each.name for each in func._schema.arguments], args)) | kwargs
    found = []
    for each in returns:
        marks = each.alias_info.before_set
        found.append(next(named[argument.name] for argument in func._schema.arguments
                          if argument.alias_info is not None and argument.alias_info.before_set == marks))
    return found[0] if len(found) == 1 else tuple(found)


def _check_devices(name, on_gpu, args, kwargs):
    """Raises what torch raises where tensors of several devices meet (one number on the host may)."""
    places = {str(each.device) for each in on_gpu}
    others = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)
              and not isinstance(each, OnGpu) and each.dim() > 0]
    if len(places) > 1 or (places and others):
        raise RuntimeError(f"Expected all tensors to be on the same device, but found at least two devices, "
                           f"{sorted(places)} and {[str(each.device) for each in others]}! ({name})")


class _Mode(TorchDispatchMode):
    """Sends the making of tensors on a GPU through `dispatch`."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return dispatch(func, args, kwargs or {})


@functools.cache
def _register() -> None:
    """Makes torch know devices of this kind, once in a process."""
    backend_registration._setup_privateuseone_for_python_backend(KIND)


@contextlib.contextmanager
def pretended_gpus(count: int = 1):
    """While it is open this machine has `count` GPUs, and what is placed nowhere goes to the first."""
    _register()
    real = listing.local_devices

    def with_gpus(cpus: int = 1, gpus: int | None = None) -> list[listing.Device]:
        return real(cpus, 0) + [
            listing.Device(f"{listing.PREFIX}/device:GPU:{i}", "GPU", f"{KIND}:{i}", 2**34, 1000 + i)
            for i in range(count if gpus is None else min(count, gpus))]

    lifted = torch._C._only_lift_cpu_tensors()
    run = threading.Thread.run

    def run_with_gpus(thread: threading.Thread) -> None:
        with _Mode():
            run(thread)

    patches = ((threading.Thread, "run", run_with_gpus), (listing, "local_devices", with_gpus),
               *pretended_streams.patches())
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(mock.patch.object(*patch))
        stack.enter_context(_Mode())
        torch._C._set_only_lift_cpu_tensors(True)  # else `torch.tensor` asks the device itself for memory
        try:
            yield
        finally:
            torch._C._set_only_lift_cpu_tensors(lifted)
