"""What a kernel calls while it is traced stands in the plan as a function of torch, or as a method of tensors."""

from __future__ import annotations

import torch
from torch.overrides import get_overridable_functions, is_tensor_method_or_property

from tfmagic.session.lower.tracer import is_method


def test_methods_are_told_from_functions_as_torch_tells_them() -> None:
    functions = [function for found in get_overridable_functions().values() for function in found]
    assert len(functions) > 1000
    assert [f for f in functions if is_method(f) != is_tensor_method_or_property(f)] == []


def test_functions_without_an_override_of_their_own_are_told_too() -> None:
    assert is_method(torch.Tensor.new_zeros)
    assert not is_method(torch.ops.aten.convolution)
    assert not is_method(torch.ops.aten.convolution.default)
