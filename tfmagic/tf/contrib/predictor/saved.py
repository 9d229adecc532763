"""Predictors: a graph in a session of its own, called with a dictionary of arrays."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.graph import Graph
from tfmagic.ops import api

_SERVE = "serve"
_DEFAULT_SIGNATURE = "serving_default"


class Predictor:
    """A graph in a session, with named inputs and outputs."""

    _graph: Any
    _session: Any
    _feed_tensors: dict[str, Any]
    _fetch_tensors: dict[str, Any]

    @property
    def graph(self) -> Any:
        """The graph."""
        return self._graph

    @property
    def session(self) -> Any:
        """The session in which the graph is run."""
        return self._session

    @property
    def feed_tensors(self) -> dict[str, Any]:
        """The tensors to be fed, by name."""
        return self._feed_tensors

    @property
    def fetch_tensors(self) -> dict[str, Any]:
        """The tensors that are computed, by name."""
        return self._fetch_tensors

    def __repr__(self) -> str:
        return (f"{type(self).__name__} with feed tensors {self._feed_tensors} and fetch_tensors "
                f"{self._fetch_tensors}")

    def __call__(self, input_dict: dict[str, Any]) -> dict[str, Any]:
        """The outputs for inputs, arrays both, by name.

        Raises:
          ValueError: an input of a name that there is not.
        """
        expected = set(self._feed_tensors)
        unexpected = set(input_dict) - expected
        if unexpected:
            raise ValueError(f"Got unexpected keys in input_dict: {unexpected}\nexpected: {expected}")
        feeds = {self._feed_tensors[key]: value for key, value in input_dict.items()}
        return self._session.run(fetches=self._fetch_tensors, feed_dict=feeds)


class SavedModelPredictor(Predictor):
    """A predictor of a saved model."""

    def __init__(self, export_dir: str, signature_def_key: str | None = None, signature_def: Any = None,
                 input_names: dict[str, str] | None = None, output_names: dict[str, str] | None = None,
                 tags: str | None = None, graph: Any = None, config: Any = None):
        if (input_names is None) != (output_names is None):
            raise ValueError("input_names and output_names must both be specified or both be unspecified.")
        if sum(each is not None for each in (signature_def_key, signature_def, input_names)) > 1:
            raise ValueError("You must specify at most one of signature_def_key OR signature_def OR"
                             "(input_names AND output_names).")
        self._graph = graph or Graph()
        with self._graph.as_default():
            self._session = api.Session(config=config)
            model = api.saved_model.loader.load(self._session, (tags or _SERVE).split(","), export_dir)
        if input_names is None:
            if signature_def is None:
                # Under a key that is not there a map of messages has an empty one: no inputs, no outputs.
                signature_def = model.signature_def[signature_def_key or _DEFAULT_SIGNATURE]
            input_names = {key: info.name for key, info in signature_def.inputs.items()}
            output_names = {key: info.name for key, info in signature_def.outputs.items()}
        self._feed_tensors = {key: self._graph.get_tensor_by_name(name) for key, name in input_names.items()}
        self._fetch_tensors = {key: self._graph.get_tensor_by_name(name) for key, name in (output_names or {}).items()}


@export("contrib.predictor.from_saved_model")
def from_saved_model(export_dir: str, signature_def_key: str | None = None, signature_def: Any = None,
                     input_names: dict[str, str] | None = None, output_names: dict[str, str] | None = None,
                     tags: str | None = None, graph: Any = None, config: Any = None) -> SavedModelPredictor:
    """A saved model as a function: a dictionary of arrays in, one out.

    Args:
      export_dir: where the model is.
      signature_def_key: which of its signatures names inputs and outputs; by default that for serving.
      signature_def: a signature in place of the model's.
      input_names, output_names: names of tensors by those of inputs and outputs, in place of a signature.
      tags: which of the graphs: words with commas between them; by default "serve".
      graph: the graph to load it into.
      config: the `ConfigProto` of the session.

    Raises:
      ValueError: more than one way to name inputs and outputs.
      RuntimeError: there is no graph with these tags.
      OSError: there is no model.
    """
    return SavedModelPredictor(export_dir, signature_def_key=signature_def_key, signature_def=signature_def,
                               input_names=input_names, output_names=output_names, tags=tags, graph=graph,
                               config=config)
