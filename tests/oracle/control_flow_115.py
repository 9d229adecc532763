"""How 1.15 builds what belongs to control flow where 2.21 builds it differently."""

import copy


def sizes_of_arrays(nodes):
    """1.15 asks a TensorArray for its size in the run; 2.21 puts a constant where the size is fixed."""
    by_name = {node["name"]: node for node in nodes}
    result, gone = [], set()
    for node in nodes:
        scope, _, last = node["name"].rpartition("/")
        if "TensorArrayStack" in scope and last == "range" and node["op"] == "Range":
            gather = by_name[f"{scope}/TensorArrayGatherV3"]
            constant = by_name.get(f"{scope}/Const")
            node = copy.deepcopy(node)
            size = size_node(f"{scope}/TensorArraySizeV3", gather["inputs"][0], gather["inputs"][2])
            size["attrs"] = {"_class": gather["attrs"]["_class"]}
            node["inputs"][1] = size["name"]
            starts = [i for i, n in enumerate(result) if n["name"] == f"{scope}/range/start"]
            result.insert(starts[0], size)
            if constant is not None:
                gone.add(constant["name"])
        result.append(node)
    return [node for node in result if node["name"] not in gone]


def size_node(name, handle, flow):
    return {"name": name, "op": "TensorArraySizeV3", "inputs": [handle, flow]}


def size_of_array(nodes):
    """The same for a call of `size()`."""
    last_write = [node["name"] for node in nodes if node["op"] == "TensorArrayWriteV3"][-1]
    return [size_node("TensorArraySizeV3", "TensorArray", last_write) if node["name"] == "Const" else node
            for node in nodes]


def results_without_copies(nodes):
    """tf.custom_gradient copies the results of the function first in 2.21."""
    result = []
    for node in nodes:
        if node["name"] == "Identity_1":
            continue
        if "inputs" in node:
            node = {**node, "inputs": ["Identity" if name == "Identity_1" else name for name in node["inputs"]]}
        result.append(node)
    return result
