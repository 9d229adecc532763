"""Benchmarks of data sets."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tfmagic.tf.data.dataset_v1 import make_initializable_iterator
from tfmagic.tf.data.options import Options
from tfmagic.tf.test.benchmark import Benchmark


class DatasetBenchmarkBase(Benchmark):
    """A benchmark that takes the elements of data sets."""

    def run_benchmark(self, dataset: Any, num_elements: int, iters: int = 1, warmup: bool = True) -> float:
        """How long an element takes, in seconds: the median of some runs.

        Args:
          num_elements: how many are taken in a run.
          iters: how many runs there are.
          warmup: whether one is taken beforehand.
        """
        from tfmagic.session import Session

        options = Options()
        options.experimental_optimization.apply_default_optimizations = False
        iterator = make_initializable_iterator(dataset.with_options(options).skip(num_elements - 1))
        following = iterator.get_next()
        times = []
        with Session() as sess:
            for index in range(iters + warmup):
                sess.run(iterator.initializer)
                start = time.time()
                sess.run(following)
                if index >= warmup:
                    times.append(time.time() - start)
        return float(np.median(times)) / num_elements

    def run_and_report_benchmark(self, dataset: Any, num_elements: int, name: str, iters: int = 5, extras: Any = None,
                                 warmup: bool = True) -> float:
        """Measure and report; see `run_benchmark`."""
        wall_time = self.run_benchmark(dataset, num_elements, iters, warmup)
        self.report_benchmark(wall_time=wall_time, iters=iters, name=name,
                              extras={**(extras or {}), "num_elements": num_elements})
        return wall_time
