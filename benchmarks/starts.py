"""Starts: seconds from the start of a process until a program has taken its first steps, imports and all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.peers import Peer

# program, steps, what it is, the peers
ROWS = (
    ("scalar_run", 1, "a first result", ("tensorflow1", "tensorflow")),
    ("mlp_step", 300, "300 steps of a small MLP", ("tensorflow1", "tensorflow", "pytorch")),
    ("cnn_step", 30, "30 steps of a CNN", ("tensorflow1", "tensorflow", "pytorch")),
    ("lstm_step", 100, "100 steps of an LSTM", ("tensorflow1", "pytorch")),
    ("characters_step", 10, "10 steps of characters by GRUs", ("tensorflow1",)),
    ("embedding_step", 100, "100 steps on rows, Adam", ("tensorflow1",)),
)


def measure(interpreters: dict[str, str], threads: int, repeats: int) -> Iterator[tuple[dict, dict[str, str]]]:
    """A row for each program and peer, and the frameworks' versions; the frameworks take turns.

    Each has one turn before that does not count: in it byte code and machine code are kept that later processes find.
    """
    for program, steps, title, others in ROWS:
        names = [name for name in ("tfmagic", *others) if interpreters[name]]
        turns = [{name: _turn(name, interpreters[name], threads, program, steps) for name in names}
                 for _ in range(1 + repeats)]
        seconds = {name: statistics.median(turn[name][0] for turn in turns[1:]) for name in names}
        versions = {name: turns[0][name][1] for name in names}
        for other in names[1:]:
            mine, theirs = seconds["tfmagic"], seconds[other]
            yield {"what": title, "own": "tfmagic", "peer": other, "tfmagic_us": mine * 1e6, "peer_us": theirs * 1e6,
                   "ratio": theirs / mine, "target": None}, versions


def _turn(framework: str, python: str, threads: int, program: str, steps: int) -> tuple[float, str]:
    """Seconds, and the framework's version."""
    start = time.perf_counter()
    peer = Peer(framework, python, threads)
    peer.steps(program, steps)
    seconds = time.perf_counter() - start
    peer.close()
    return seconds, peer.version
