"""BodyGraph: the body of a function that TensorFlow builds by calling a user's: of elements, or of a tf.function."""

from __future__ import annotations

from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys


class BodyGraph(FunctionGraph):
    """The body of a function: it has the seed of the graph around it."""

    branches_are_functions = True
    orders_effects = True

    def __init__(self, outer_graph: Graph):
        super().__init__(outer_graph, own_names=True)
        self.seed = outer_graph.seed

    def _share_collections(self) -> None:
        outer = self.outer_graph
        for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES):
            self._collections[key] = outer.get_collection_ref(key)
        for key in outer.get_all_collection_keys():
            if key not in self._collections:
                self._collections[key] = list(outer.get_collection(key))

    @property
    def _variables_graph(self) -> Graph:
        return self.outer_graph._variables_graph
