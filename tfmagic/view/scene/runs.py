"""Runs: a level with too many things on it, cut into groups: where it repeats itself by repetition, else in order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

CHAIN_MINIMUM = 8  # a shorter chain is drawn whole
CHAIN_ENDS = 2  # how much of a chain stays in sight at either end
TARGET = 28  # groups to aim at when nothing else helps
REPEATS_MINIMUM = 4
LONGEST_PERIOD = 64
OPEN_PERIOD = 10  # a longer body is not drawn openly at either end of its repetitions
INPUTS_SHOWN = 60  # more inputs and variables are grouped among themselves


def group_level(signs: Sequence[Hashable], edges: Iterable[tuple[int, int]], kept: set[int], inputs: set[int],
                solid: set[int], limit: int) -> list[list[int]]:
    """Group the things 0, 1, … of a level, given in graph order.

    What an unrolled loop repeats folds but for its first and its last turn. If more than `limit` things are left, so
    does a long chain but for its ends; it takes along what feeds nothing else. Whatever is then too much is put
    together with its neighbours: intervals of an order in which edges point forward cannot make a cycle.

    Args:
      signs: what each thing looks like; those of an unrolled loop come again turn by turn.
      edges: (from, to) pairs.
      kept: things that stay in sight (the user named them).
      inputs: inputs and variables, which no group of other things takes along.
      solid: scopes, which no chain takes along.
      limit: how many things are readable.
    """
    count = len(signs)
    before: list[set[int]] = [set() for _ in range(count)]
    after: list[set[int]] = [set() for _ in range(count)]
    for source, target in edges:
        before[target].add(source)
        after[source].add(target)
    apart = kept | inputs
    room = max(limit - len(apart), TARGET)
    groups = _repeated([i for i in range(count) if i not in inputs], signs, kept, room)
    if len(groups) > room:
        groups = _chained(groups, before, after, apart, solid)
    if len(groups) > room:
        groups = _intervals(groups, kept)
    return sorted(groups + _inputs(sorted(inputs - kept), signs) + [[i] for i in sorted(inputs & kept)])


def _repeated(things: list[int], signs: Sequence[Hashable], kept: set[int], room: int) -> list[list[int]]:
    """The things with the turns between the first and the last of each repetition put together, or each turn."""
    found = repetitions([("kept", i) if i in kept else signs[i] for i in things])
    for is_open in (True, False):
        groups: list[list[int]] = []
        end = 0
        for start, period, turns in found:
            groups += [[i] for i in things[end:start]]
            end = start + period * turns
            bodies = [things[i:i + period] for i in range(start, end, period)]
            if is_open and period <= OPEN_PERIOD:
                groups += [[i] for i in bodies[0]]
                groups.append([i for body in bodies[1:-1] for i in body])
                groups += [[i] for i in bodies[-1]]
            elif turns <= TARGET // 2:
                groups += bodies
            else:
                groups += [bodies[0], [i for body in bodies[1:-1] for i in body], bodies[-1]]
        groups += [[i] for i in things[end:]]
        if len(groups) <= room:
            break
    return groups


def repetitions(signs: Sequence[Hashable]) -> list[tuple[int, int, int]]:
    """Where a sequence repeats itself: (start, period, turns), in order and without overlap; longer ones first choose.

    Args:
      signs: the sequence.
    """
    numbers: dict[Hashable, int] = {}
    coded = np.array([numbers.setdefault(sign, len(numbers)) for sign in signs], dtype=np.int64)
    candidates = []
    for period in range(1, min(LONGEST_PERIOD, len(coded) // REPEATS_MINIMUM) + 1):
        same = np.concatenate(([False], coded[period:] == coded[:-period], [False]))
        edges = np.flatnonzero(same[1:] != same[:-1])
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist()):
            turns = (end - start) // period + 1
            if turns >= REPEATS_MINIMUM:
                candidates.append((-turns * period, period, start, turns))
    taken = np.zeros(len(coded), dtype=bool)
    chosen = []
    for size, period, start, turns in sorted(candidates):
        if not taken[start:start - size].any():
            taken[start:start - size] = True
            chosen.append((start, period, turns))
    return sorted(chosen)


def _chained(groups: list[list[int]], before: list[set[int]], after: list[set[int]], apart: set[int],
             solid: set[int]) -> list[list[int]]:
    """The groups with the middle of each long chain of single things put together."""
    single = {group[0] for group in groups if len(group) == 1}
    leaves = {i for i in single if not before[i] and len(after[i]) == 1 and i not in apart and i not in solid}
    grouped: set[int] = set()
    made = []
    for chain in _chains(before, after, leaves, apart, single):
        if len(chain) < CHAIN_MINIMUM:
            continue
        middle = chain[CHAIN_ENDS:-CHAIN_ENDS]
        members = sorted({*middle, *(leaf for i in middle for leaf in before[i] if leaf in leaves)})
        made.append(members)
        grouped.update(members)
    return sorted([*made, *(group for group in groups if group[0] not in grouped)])


def _chains(before: list[set[int]], after: list[set[int]], leaves: set[int], apart: set[int],
            single: set[int]) -> list[list[int]]:
    follows: dict[int, int] = {}
    for i in single - leaves - apart:
        if len(after[i]) == 1:
            (target,) = after[i]
            if target in single and target not in apart and before[target] - leaves - apart == {i}:
                follows[i] = target
    entered = set(follows.values())
    chains = []
    for start in sorted(follows):
        if start not in entered:
            chain = [start]
            while chain[-1] in follows:
                chain.append(follows[chain[-1]])
            chains.append(chain)
    return chains


def _intervals(groups: list[list[int]], kept: set[int]) -> list[list[int]]:
    size = -(-len(groups) // TARGET)
    visible_alone = kept if len(kept) <= TARGET else set()
    merged: list[list[int]] = []
    current: list[int] = []
    taken = 0
    for group in groups:
        alone = len(group) == 1 and group[0] in visible_alone
        if current and (alone or taken == size):
            merged.append(current)
            current, taken = [], 0
        if alone:
            merged.append(group)
        else:
            current = current + group
            taken += 1
    return [*merged, current] if current else merged


def _inputs(inputs: list[int], signs: Sequence[Hashable]) -> list[list[int]]:
    """Inputs and variables, each by itself; where they are too many, those that look alike together."""
    if len(inputs) <= INPUTS_SHOWN:
        return [[i] for i in inputs]
    alike: dict[Hashable, list[int]] = {}
    for i in inputs:
        alike.setdefault(signs[i], []).append(i)
    return list(alike.values())
