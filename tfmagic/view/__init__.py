"""Pictures of graphs and tensors: graph -> scene -> text, DOT, SVG, HTML and the notebook's MIME bundle."""

from tfmagic.view.annotations import Annotations
from tfmagic.view.bundle import mime_bundle, tensor_bundle
from tfmagic.view.engine import EngineError
from tfmagic.view.model import Scene
from tfmagic.view.save import save
from tfmagic.view.scene import build_scene

__all__ = ["Annotations", "EngineError", "Scene", "build_scene", "mime_bundle", "save", "tensor_bundle"]
