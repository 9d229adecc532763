"""Pictures of graphs and tensors: graph -> scene -> text, DOT, SVG, HTML and the notebook's MIME bundle."""

from tfmagic.view.paint.bundle import mime_bundle, tensor_bundle
from tfmagic.view.paint.engine import EngineError
from tfmagic.view.paint.save import save
from tfmagic.view.scene.annotations import Annotations
from tfmagic.view.scene.build import build_scene
from tfmagic.view.scene.model import Scene

__all__ = ["Annotations", "EngineError", "Scene", "build_scene", "mime_bundle", "save", "tensor_bundle"]
