"""`tf.test.Benchmark`: measures what operations take, and reports it as TensorFlow does."""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import time
from typing import Any

import numpy as np

from tfmagic.base import messages, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_session
from tfmagic.graph.operation import Tensor
from tfmagic.tf.profiler.timeline import Timeline

# The classes of benchmarks, in the order of their definition, and where reports are written besides.
_classes: list[type[Benchmark]] = []
_REPORTS = "TEST_REPORT_FILE_PREFIX"


@export("test.Benchmark")
class Benchmark:
    """Measures what operations take; a subclass has methods whose names begin with "benchmark".

    `--benchmarks=REGEX` on the command line of a program that calls `tf.test.main` runs those whose names match.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _classes.append(cls)

    @classmethod
    def is_abstract(cls) -> bool:
        """Whether the class has no benchmarks of its own."""
        return not any(name.startswith("benchmark") for name in dir(cls))

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors in the default session.

        Raises:
          ValueError: there is none.
        """
        session = get_default_session()
        if session is None:
            raise ValueError("evaluate needs a default session: with tf.Session(): ...")
        return session.run(tensors)

    def _name(self, name: str | None) -> str:
        frames = (frame.function for frame in inspect.stack()[1:] if frame.frame.f_locals.get("self") is self)
        calling = [function for function in frames if function not in ("run_op_benchmark", "_name")]
        told = name or next((function for function in calling if function.startswith("benchmark")), calling[-1])
        return f"{type(self).__name__}.{told}"

    def report_benchmark(self, iters: int | None = None, cpu_time: float | None = None, wall_time: float | None = None,
                         throughput: float | None = None, extras: dict[str, Any] | None = None,
                         name: str | None = None, metrics: list[dict[str, Any]] | None = None) -> None:
        """Report a measurement.

        Args:
          iters: how often it ran.
          cpu_time: seconds of the processor, each time.
          wall_time: seconds, each time.
          throughput: megabytes a second.
          extras: numbers and texts besides.
          name: its name; by default that of the method.
          metrics: dicts with "name", "value" and perhaps "min_value" and "max_value".
        """
        full = self._name(name)
        tf_logging.info("Benchmark [%s] iters: %d, wall_time: %g, cpu_time: %g,throughput: %g, extras: %s, metrics: %s",
                        full, -1 if iters is None else iters, -1 if wall_time is None else wall_time,
                        -1 if cpu_time is None else cpu_time, -1 if throughput is None else throughput, extras, metrics)
        text = _entry(full, iters, cpu_time, wall_time, throughput, extras or {}, metrics or [])
        folder = os.environ.get(_REPORTS)
        if folder:
            with open(folder + full.replace("/", "__"), "x", encoding="utf-8") as file:
                file.write(text)
        sys.stdout.write(text + "\n")

    def run_op_benchmark(self, sess: Any, op_or_tensor: Any, feed_dict: Any = None, burn_iters: int = 2,
                         min_iters: int = 10, store_trace: bool = False, store_memory_usage: bool = True,
                         name: str | None = None, extras: dict[str, Any] | None = None,
                         mbs: float = 0) -> dict[str, Any]:
        """Measure an operation, and report it.

        Args:
          sess: the session.
          op_or_tensor: what runs.
          feed_dict: what is fed.
          burn_iters: how many runs come before.
          min_iters: how many runs are measured.
          store_trace: whether the report has a trace of one more run.
          store_memory_usage: whether it says how much memory one more run has in use.
          name: its name; by default that of the method.
          extras: numbers and texts besides.
          mbs: how many megabytes a run handles.

        Returns:
          What was reported: "iters", "wall_time" (the median), "throughput", "extras" and "name".
        """
        target = op_or_tensor.op if isinstance(op_or_tensor, Tensor) else op_or_tensor
        for _ in range(burn_iters):
            sess.run(target, feed_dict=feed_dict)
        times = []
        for _ in range(min_iters):
            begin = time.time()
            sess.run(target, feed_dict=feed_dict)
            times.append(time.time() - begin)
        more = dict(extras or {})
        if store_trace or store_memory_usage:
            pb2 = messages.module("config_pb2")
            traced = pb2.RunMetadata()
            sess.run(target, feed_dict=feed_dict, options=pb2.RunOptions(trace_level=pb2.RunOptions.FULL_TRACE),
                     run_metadata=traced)
            line = Timeline(traced.step_stats)
            if store_trace:
                more["full_trace_chrome_format"] = line.generate_chrome_trace_format()
            if store_memory_usage:
                for allocator, most in line.analyze_step_stats(show_memory=True).allocator_maximums.items():
                    more[f"allocator_maximum_num_bytes_{allocator}"] = most.num_bytes
        median = float(np.median(times)) if times else -1.0
        found: dict[str, Any] = {"iters": min_iters, "wall_time": median, "extras": more,
                 "throughput": mbs / median if times and median else 0.0, "name": self._name(name)}
        self.report_benchmark(iters=min_iters, wall_time=median, throughput=found["throughput"], extras=more, name=name)
        return found


def _entry(name: str, iters: int | None, cpu_time: float | None, wall_time: float | None, throughput: float | None,
           extras: dict[str, Any], metrics: list[dict[str, Any]]) -> str:
    """A report as the text of a `BenchmarkEntries` proto."""
    lines = ["entry {", f"  name: {json.dumps(name)}"]
    for field, value in (("iters", iters), ("cpu_time", cpu_time), ("wall_time", wall_time),
                         ("throughput", throughput)):
        if value:
            lines.append(f"  {field}: {value}")
    for key in sorted(extras):
        extra = extras[key]
        shown = f"string_value: {json.dumps(extra)}" if isinstance(extra, str) else f"double_value: {float(extra)}"
        lines += ["  extras {", f"    key: {json.dumps(key)}", "    value {", f"      {shown}", "    }", "  }"]
    for metric in metrics:
        lines += ["  metrics {", f"    name: {json.dumps(metric['name'])}", f"    value: {float(metric['value'])}"]
        for bound in ("min_value", "max_value"):
            if metric.get(bound) is not None:
                inner = [f"      value: {float(metric[bound])}"] if metric[bound] else []
                lines += [f"    {bound} {{", *inner, "    }"]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


def run_benchmarks(pattern: str) -> None:
    """Run the benchmarks whose names ("module.Class.method") match a regular expression; "all" is every one."""
    wanted = re.compile(".*" if pattern == "all" else pattern)
    for kind in _classes:
        for name in dir(kind):
            if name.startswith("benchmark") and wanted.search(f"{kind.__module__}.{kind.__name__}.{name}"):
                getattr(kind(), name)()
