"""What tests ask of the machine: its devices, folders for files, running them."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from typing import Any
from unittest import mock

from tfmagic.base import messages
from tfmagic.base.export import export
from tfmagic.session.devices.listing import local_devices

export("test.mock")(mock)


@functools.cache
def _temp_root() -> str:
    """The folder of this process for files of tests; it goes with the process."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@export("test.get_temp_dir")
def get_temp_dir() -> str:
    """A folder for files of tests, the same in the whole process, which removes it at its end."""
    return _temp_root()


@export("test.test_src_dir_path")
def test_src_dir_path(relative_path: str) -> str:
    """The path of a file of TensorFlow's sources where its own tests run.

    Args:
      relative_path: the path within the sources.

    Raises:
      KeyError: the environment has no TEST_SRCDIR.
    """
    return os.path.join(os.environ["TEST_SRCDIR"], "org_tensorflow/tensorflow", relative_path)


test_src_dir_path.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test where it is imported


@export("test.is_gpu_available")
def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Whether there is a GPU that sessions use.

    Args:
      cuda_only: whether it has to be one of CUDA, as all are here.
      min_cuda_compute_capability: the least of it, as (major, minor).
    """
    gpus = [device for device in local_devices() if device.device_type == "GPU"]
    if not gpus or min_cuda_compute_capability is None:
        return bool(gpus)
    from tfmagic.base.lazy import torch

    return any(torch.cuda.get_device_capability(device.torch_name) >= tuple(min_cuda_compute_capability)
               for device in gpus)


@export("test.gpu_device_name")
def gpu_device_name() -> str:
    """The name of the first GPU ("/device:GPU:0"), or ""."""
    return next(("/" + device.name.rpartition("/")[2] for device in local_devices() if device.device_type == "GPU"), "")


@export("test.is_built_with_cuda")
def is_built_with_cuda() -> bool:
    """Whether the PyTorch that does the work was built with CUDA."""
    from tfmagic.base.lazy import torch

    return torch.version.cuda is not None


@export("test.is_built_with_rocm")
def is_built_with_rocm() -> bool:
    """Whether the PyTorch that does the work was built with ROCm."""
    from tfmagic.base.lazy import torch

    return torch.version.hip is not None


@export("test.is_built_with_gpu_support")
def is_built_with_gpu_support() -> bool:
    """Whether the PyTorch that does the work was built with CUDA or ROCm."""
    return is_built_with_cuda() or is_built_with_rocm()


@export("test.benchmark_config")
def benchmark_config() -> Any:
    """The `ConfigProto` with which TensorFlow measures: no optimisation that would leave out what is measured."""
    config = messages.module("config_pb2").ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.dependency_optimization = type(rewrite).OFF
    return config


@export("test.create_local_cluster")
def create_local_cluster(num_workers: int, num_ps: int, protocol: str = "grpc", worker_config: Any = None,
                         ps_config: Any = None) -> Any:
    """Refuse: servers of a cluster talk to each other, and tfmagic runs in one process.

    Raises:
      UnimplementedError: always.
    """
    from tfmagic.tf.cluster.server import refuse_remote

    raise refuse_remote("tf.test.create_local_cluster")


@export("test.main")
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tests, or with --benchmarks=REGEX the benchmarks, of the program; it ends with the process.

    Args:
      argv: the command line; the process's own by default.

    Raises:
      SystemExit: always, with whether they failed.
    """
    from absl.testing import absltest

    from tfmagic.tf.platform import app
    from tfmagic.tf.test import benchmark

    given = list(sys.argv if argv is None else argv)
    pattern = next((argument.partition("=")[2] for argument in given if argument.startswith("--benchmarks=")), None)
    if pattern is not None:
        benchmark.run_benchmarks(pattern)
        sys.exit(0)
    app.run(main=lambda rest: absltest.run_tests(list(rest), [], {}), argv=given)
