"""The records are complete, and their short form loses nothing."""

import json

from oracle import graphdef
from oracle.difference import GRAPHS


def test_unpacked_nodes_pack_to_what_is_recorded():
    for path in GRAPHS.glob("*.json"):
        record = json.loads(path.read_text())
        packed = {"attrs": record["attrs"], "nodes": record["nodes"]}
        assert json.loads(json.dumps(graphdef.pack(graphdef.unpack(packed)))) == packed, path.name


def test_packing_keeps_names_inputs_constants_and_devices():
    nodes = [
        {"name": "s/x", "op": "Const",
         "attrs": {"dtype": "int32", "value": {"dtype": "int32", "shape": [2], "values": [1]}},
         "shapes": "[2]", "device": "/cpu:0"},
        {"name": "s/y", "op": "Add", "inputs": ["s/x", "t/x:1", "^s/x", "^s/t/x"], "shapes": "[?]"},
        {"name": "y", "op": "NoOp", "inputs": ["^s/y"]},
        {"name": "s/z", "op": "Const",
         "attrs": {"dtype": "string", "value": {"dtype": "string", "shape": [1], "values": [""]}},
         "shapes": "<unknown>"},
    ]  # fmt: skip
    assert json.loads(json.dumps(graphdef.unpack(graphdef.pack(nodes)))) == nodes
