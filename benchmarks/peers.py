"""Starting one worker process a framework and timing a program in all of them in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")


def as_for_a_user() -> dict[str, str]:
    """The environment of a process whose imports find compiled bytecode, which the first of several writes."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Peer:
    """One framework in its own process.

    Args:
        framework: `tfmagic`, `tensorflow`, `tensorflow1` or `pytorch`; `tfmagic --jit` compiles.
        python: the interpreter that has it.
        threads: how many threads it may use; 0: as many as it takes by itself.
        device: where it computes, `cpu` or `cuda`.
    """

    def __init__(self, framework: str, python: str, threads: int, device: str = "cpu"):
        self.framework = framework
        limited = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS") if threads else ()
        limits = {name: str(threads) for name in limited}
        name, _, jit = framework.partition(" --")
        self._process = subprocess.Popen(
            [python, str(WORKER), name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**as_for_a_user(), **limits, "TF_CPP_MIN_LOG_LEVEL": "3", "BENCHMARKS_JIT": jit,
                 "TFMAGIC_DEVICE": device},
        )  # fmt: skip
        self.version = self._answer()["version"]

    def seconds(self, program: str, budget: float) -> float:
        """Seconds for one piece of work of a program, measured for about `budget` seconds."""
        return self._asked(program=program, seconds=budget)["seconds"]

    def peak(self, program: str) -> int:
        """The most bytes that torch's allocator holds while a program is prepared and takes some steps."""
        return self._asked(program=program, peak=True)["bytes"]

    def steps(self, program: str, count: int) -> None:
        """Prepare a program and wait for its first `count` steps."""
        self._asked(program=program, steps=count)

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()
        self._process.stderr.close()

    def _asked(self, **request: Any) -> dict:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The {self.framework} worker ended:\n{self._process.stderr.read()[-3000:]}")
        return json.loads(line)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """While this is open, `count` other processes keep the processor busy."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def in_turn(peers: list[Peer], program: str, repeats: int, budget: float) -> dict[str, float]:
    """Median seconds of one piece of work by framework; the peers take turns, so that noise hits all alike."""
    samples: dict[str, list[float]] = {peer.framework: [] for peer in peers}
    for _ in range(repeats):
        for peer in peers:
            samples[peer.framework].append(peer.seconds(program, budget))
    return {framework: statistics.median(values) for framework, values in samples.items()}
