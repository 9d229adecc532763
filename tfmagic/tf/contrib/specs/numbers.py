"""The words of a text of parameters: random numbers."""

from __future__ import annotations

import math
import random

from tfmagic.base.export import export


@export("contrib.specs.Uf")
def Uf(lo: float = 0.0, hi: float = 1.0) -> float:
    """A number between two, each as likely as the next."""
    return random.uniform(lo, hi)


@export("contrib.specs.Ui")
def Ui(lo: int, hi: int) -> int:
    """An integer from one to another, each as likely as the next."""
    return random.randint(lo, hi)


@export("contrib.specs.Lf")
def Lf(lo: float, hi: float) -> float:
    """A number between two positive ones, whose logarithm is uniform."""
    return math.exp(random.uniform(math.log(lo), math.log(hi)))


@export("contrib.specs.Li")
def Li(lo: int, hi: int) -> int:
    """An integer between two positive ones, whose logarithm is uniform."""
    return math.floor(math.exp(random.uniform(math.log(lo), math.log(hi + 1 - 1e-5))))


@export("contrib.specs.Nt")
def Nt(mu: float, sigma: float, limit: float = 3.0) -> float:
    """A number of a normal distribution that is at most `limit` deviations from its mean."""
    return min(max(random.gauss(mu, sigma), mu - limit * sigma), mu + limit * sigma)


WORDS = {"Uf": Uf, "Ui": Ui, "Lf": Lf, "Li": Li, "Nt": Nt, "pi": math.pi, "e": math.e}
