"""tf.contrib.sparsemax: the point of the simplex that is nearest to the logits, and its loss."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw


@export("contrib.sparsemax.sparsemax")
def sparsemax(logits: Any, name: str | None = None) -> Tensor:
    """Probabilities of which most are 0: the point of the simplex nearest to the logits.

    Args:
      logits: [batch, classes], real.
      name: the scope of the nodes.

    Returns:
      [batch, classes]; rows with a NaN, or without a finite logit, are NaN.
    """
    with name_scope(name, "sparsemax", [logits]):
        z = convert_to_tensor(logits, name="logits")
        rows, classes = api.shape(z)[0], api.shape(z)[1]
        ordered, _ = raw.top_kv2(z, classes)
        sums = api.cumsum(ordered, axis=1)
        ranks = api.range(1, api.cast(classes, z.dtype) + 1, dtype=z.dtype)
        kept = api.reduce_sum(api.cast(1 + ranks * ordered > sums, api.int32), axis=1)
        safe = api.maximum(kept, 1)
        last = api.stack([api.range(0, rows), safe - 1], axis=1)
        threshold = (api.gather_nd(sums, last) - 1) / api.cast(kept, z.dtype)
        nearest = api.maximum(api.cast(0, z.dtype), z - threshold[:, None])
        without = api.logical_or(api.equal(kept, 0), raw.is_nan(sums[:, -1]))
        return raw.select(without, api.fill([rows, classes], api.cast(math.nan, z.dtype)), nearest)


@export("contrib.sparsemax.sparsemax_loss")
def sparsemax_loss(logits: Any, sparsemax: Any, labels: Any, name: str | None = None) -> Tensor:
    """The loss whose gradient is `sparsemax - labels`.

    Args:
      logits: [batch, classes].
      sparsemax: what `sparsemax` made of them.
      labels: the probabilities wanted, like `logits`.
      name: the scope of the nodes.

    Returns:
      [batch].
    """
    with name_scope(name, "sparsemax_loss", [logits, sparsemax, labels]):
        z = convert_to_tensor(logits, name="logits")
        found = convert_to_tensor(sparsemax, name="sparsemax")
        wanted = convert_to_tensor(labels, name="labels")
        support = api.logical_or(found > 0, raw.is_nan(found))
        first = raw.select(support, found * (z - 0.5 * found), api.zeros_like(found))
        second = wanted * (0.5 * wanted - z)
        absent = api.logical_and(api.equal(wanted, 0), raw.is_inf(z))
        return api.reduce_sum(first + raw.select(absent, api.zeros_like(z), second), axis=1)
