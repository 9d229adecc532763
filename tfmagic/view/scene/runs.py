"""Runs: a level with too many things on it, cut into groups that keep the drawing free of cycles."""

from __future__ import annotations

from collections.abc import Iterable

CHAIN_MINIMUM = 8  # a shorter chain is drawn whole
CHAIN_ENDS = 2  # how much of a chain stays in sight at either end
TARGET = 28  # groups to aim at when chains alone do not help


def group_level(count: int, edges: Iterable[tuple[int, int]], kept: set[int], solid: set[int],
                limit: int) -> list[list[int]]:
    """Group the things 0..count-1 of a level, given in graph order.

    A long chain folds but for its ends; it takes along what feeds nothing else. When more than `limit` groups are
    left, neighbours in graph order are put together: intervals of an order in which edges point forward cannot make
    a cycle.

    Args:
      count: how many things there are.
      edges: (from, to) pairs.
      kept: things that stay in sight where possible (the user named them).
      solid: scopes, which no chain takes along.
      limit: how many groups are readable.
    """
    before: list[set[int]] = [set() for _ in range(count)]
    after: list[set[int]] = [set() for _ in range(count)]
    for source, target in edges:
        before[target].add(source)
        after[source].add(target)
    leaves = {i for i in range(count) if not before[i] and len(after[i]) == 1 and i not in kept and i not in solid}
    groups: list[list[int]] = []
    grouped: set[int] = set()
    for chain in _chains(before, after, leaves, kept):
        if len(chain) < CHAIN_MINIMUM:
            continue
        middle = chain[CHAIN_ENDS:-CHAIN_ENDS]
        members = sorted({*middle, *(leaf for i in middle for leaf in before[i] if leaf in leaves)})
        groups.append(members)
        grouped.update(members)
    groups += [[i] for i in range(count) if i not in grouped]
    groups.sort()
    return groups if len(groups) <= limit else _intervals(groups, kept)


def _chains(before: list[set[int]], after: list[set[int]], leaves: set[int], kept: set[int]) -> list[list[int]]:
    follows: dict[int, int] = {}
    for i, targets in enumerate(after):
        if i not in leaves and i not in kept and len(targets) == 1:
            (target,) = targets
            if target not in kept and before[target] - leaves == {i}:
                follows[i] = target
    entered = set(follows.values())
    chains = []
    for start in follows:
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
