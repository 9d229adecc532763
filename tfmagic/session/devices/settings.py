"""What holds for the whole process: threads of the CPU, memory of the GPUs, and in how many bits these multiply."""

from __future__ import annotations

import functools
from typing import Any

from tfmagic.base.lazy import torch


def apply(config: Any) -> None:
    """Carry out the parts of a `ConfigProto` that hold for the whole process, as they do in TensorFlow.

    GPU memory is always taken as it is needed, which is what `allow_growth` asks for: without it TensorFlow takes
    nearly all at once, to the same results.

    Args:
      config: the proto. `intra_op_parallelism_threads` sets torch's threads (0: leave them as they are);
        `gpu_options.per_process_gpu_memory_fraction` limits torch's allocator. With more than 1 TensorFlow puts what is
        too much for a GPU into memory of the host; here it is the whole GPU. One plan runs one operation at a time
        (`inter_op_parallelism_threads`).
    """
    if config.intra_op_parallelism_threads > 0:
        torch.set_num_threads(config.intra_op_parallelism_threads)
    fraction = config.gpu_options.per_process_gpu_memory_fraction
    if fraction > 0 and torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            torch.cuda.set_per_process_memory_fraction(min(fraction, 1.0), index)


@functools.cache
def multiply_in_float32() -> None:
    """Have convolutions on GPUs multiply in float32, as TensorFlow 1.15 does, not in TF32, which has 10 bits of 23.

    By itself torch multiplies matrices in float32, but convolutions in TF32. This is done once, with the first session
    that has a GPU. Who has allowed TF32 for matrices by then (`torch.backends.cuda.matmul.allow_tf32 = True`,
    `torch.set_float32_matmul_precision("high")`) has it for both, and what is set later stays.
    """
    try:
        allowed = torch.backends.cuda.matmul.allow_tf32
    except RuntimeError:  # torch's newer switches were used: they say how it is to be
        return
    if not allowed:
        torch.backends.cudnn.allow_tf32 = False
