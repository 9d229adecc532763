"""Numbers of which none is greater than another (NaN): in which order 1.15's library of C++ leaves them.

It sorts and keeps the best by halves and heaps, which move what they look at. So among numbers that cannot be compared
the first do not stay the first; where each goes follows from how many there are.
"""

from __future__ import annotations

# So few are sorted one by one, which leaves them where they are.
_FEW = 16


def sorted_places(count: int) -> list[int]:
    """Which of so many stand where after they were sorted."""
    places = list(range(count))
    waiting = [(0, count)]
    while waiting:
        first, end = waiting.pop()
        if end - first <= _FEW:
            continue
        middle = (first + end) // 2
        places[first], places[middle] = places[middle], places[first]
        low, high = first + 1, end - 1
        while low < high:
            places[low], places[high] = places[high], places[low]
            low, high = low + 1, high - 1
        waiting += (first, low), (low, end)
    return places


def best_places(count: int, wanted: int) -> list[int]:
    """Which of so many are kept as the best, in order."""
    if count <= wanted:
        return sorted_places(count)
    heap = list(range(wanted + 1))  # those that come later push none out
    for parent in reversed(range(len(heap) // 2)):
        _sink(heap, parent, len(heap), heap[parent])
    for end in range(len(heap), 1, -1):
        last = heap[end - 1]
        heap[end - 1] = heap[0]
        _sink(heap, 0, end - 1, last)
        if end > wanted:
            heap.pop()
    return heap


def _sink(heap: list[int], hole: int, end: int, value: int) -> None:
    """Put a value into a heap: the hole goes down along the second children to the bottom, and none rises."""
    while 2 * hole + 2 < end:
        heap[hole] = heap[2 * hole + 2]
        hole = 2 * hole + 2
    if 2 * hole + 1 < end:
        heap[hole] = heap[2 * hole + 1]
        hole = 2 * hole + 1
    heap[hole] = value
