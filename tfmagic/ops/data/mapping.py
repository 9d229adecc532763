"""What passes that call a function for each element have in common: one that only parses waits for whole batches."""

from __future__ import annotations

from typing import Any

from tfmagic.ops.array.rules import single
from tfmagic.ops.data.batching import together
from tfmagic.ops.data.datasets import Element, Following, Iteration, Tokens, called


class Mapping(Following):
    """A pass that gives what a function makes of each element.

    Attributes:
      function: it.
    """

    def __init__(self, dataset: Any, source: Iteration):
        super().__init__(dataset, source)
        self.function = dataset.function

    def tokens(self) -> Tokens | None:
        """The bytes of examples that are sure to be parsed; of others, whose errors come now, what it made."""
        function = self.function
        deferred: Any = getattr(function, "deferred", None)
        given = self.source.tokens() if deferred is not None else None
        if given is None or not given.strings:
            return None
        following, sure = given.next, deferred.sure

        def following_token() -> Any:
            token = following()
            return token if sure(token) else called(function, (single(token),))

        def batch(tokens: list[Any]) -> Element:
            found = deferred.together(tokens) if all(type(token) is bytes for token in tokens) else None
            return found or together([function(single(token)) if type(token) is bytes else token for token in tokens])

        return Tokens(following_token, batch)
