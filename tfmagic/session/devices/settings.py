"""What a ConfigProto asks of the process: threads of the CPU, memory of the GPUs."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch


def apply(config: Any) -> None:
    """Carry out the parts of a `ConfigProto` that hold for the whole process, as they do in TensorFlow.

    Args:
      config: the proto. `intra_op_parallelism_threads` sets torch's threads (0: leave them as they are);
        `gpu_options.per_process_gpu_memory_fraction` limits torch's allocator. GPU memory is always taken as it is
        needed (`allow_growth`), and one plan runs one operation at a time (`inter_op_parallelism_threads`).
    """
    if config.intra_op_parallelism_threads > 0:
        torch.set_num_threads(config.intra_op_parallelism_threads)
    fraction = config.gpu_options.per_process_gpu_memory_fraction
    if fraction > 0 and torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            torch.cuda.set_per_process_memory_fraction(min(fraction, 1.0), index)
