"""Trees of a forest, from a graph that is imported: no public function makes their ops."""

from . import Case, program

GRAPH = r"""
node { name: "h" op: "TensorForestTreeResourceHandleOp" attr { key: "container" value { s: "" } }
       attr { key: "shared_name" value { s: "tree" } } }
node { name: "bytes" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } }
       attr { key: "shape" value { shape { } } } }
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: -1 } dim { size: 2 } } } } }
node { name: "made" op: "TensorForestTreeIsInitializedOp" input: "h" }
node { name: "create" op: "TensorForestCreateTreeVariable" input: "h" input: "bytes" }
node { name: "replace" op: "TensorForestTreeDeserialize" input: "h" input: "bytes" }
node { name: "back" op: "TensorForestTreeSerialize" input: "h" }
node { name: "size" op: "TensorForestTreeSize" input: "h" }
node { name: "predict" op: "TensorForestTreePredict" input: "h" input: "x"
       attr { key: "logits_dimension" value { i: 2 } } }
versions { producer: 134 }
"""
# A split on feature 1 at 0.5, a leaf (1, 2), and a leaf (3, 4).
TREE = (b"\x0a\x0d\x22\x0b\x08\x01\x15\x00\x00\x00\x3f\x18\x01\x20\x02"
        b"\x0a\x0e\x0a\x0c\x0a\x0a\x0a\x08\x00\x00\x80\x3f\x00\x00\x00\x40"
        b"\x0a\x0e\x0a\x0c\x0a\x0a\x0a\x08\x00\x00\x40\x40\x00\x00\x80\x40")


@program
def forest_tree(tf):
    from google.protobuf import text_format

    tf.import_graph_def(text_format.Parse(GRAPH, tf.GraphDef()), name="")
    graph = tf.get_default_graph()

    def tensor(name):
        return graph.get_tensor_by_name(name + ":0")

    create, replace = (graph.get_operation_by_name(name) for name in ("create", "replace"))
    rows = {tensor("x"): [[1.0, 0.5], [0.0, 0.75], [0.0, -1.0]]}
    given = {tensor("bytes"): TREE}
    steps = [(tensor("made"), None), (create, given), (tensor("made"), None), (tensor("size"), None),
             (tensor("back"), None), (tensor("predict"), rows), (create, {tensor("bytes"): b""}),
             (tensor("size"), None), (replace, {tensor("bytes"): b""}), (tensor("size"), None),
             (tensor("predict"), rows)]
    return Case(steps=steps, show=[tensor(name) for name in ("h", "made", "back", "size", "predict")])
