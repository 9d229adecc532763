"""Comparing recorded with observed graphs and values, with differences a reader can act on."""

import math


def node_differences(expected, actual):
    """One line for each difference between two lists of described nodes.

    Args:
        expected: nodes as recorded (and corrected by the meant differences).
        actual: nodes of the graph under test.
    """
    wanted = {node["name"]: node for node in expected}
    found = {node["name"]: node for node in actual}
    lines = [f"- {brief(node)}" for name, node in wanted.items() if name not in found]
    lines += [f"+ {brief(node)}" for name, node in found.items() if name not in wanted]
    for name, node in wanted.items():
        if name in found:
            lines += field_differences(name, node, found[name])
    return lines or order_differences(list(wanted), list(found))


def order_differences(wanted, found):
    """The first node made out of order; the inside of a gradient function may order its nodes as it likes."""
    wanted, found = ([name for name in names if "_grad/" not in name] for names in (wanted, found))
    for place, (name, other) in enumerate(zip(wanted, found)):
        if name != other:
            return [f"order: node {place} is {other}, expected {name}"]
    return []


def field_differences(name, wanted, found):
    """Lines for one node that both graphs have."""
    lines = []
    for key in ("op", "device"):
        if wanted.get(key) != found.get(key):
            lines.append(f"~ {name}: {key} {found.get(key)!r}, expected {wanted.get(key)!r}")
    data, control = split_inputs(wanted)
    found_data, found_control = split_inputs(found)
    if data != found_data:
        lines.append(f"~ {name}: inputs {found_data}, expected {data}")
    if sorted(control) != sorted(found_control):
        lines.append(f"~ {name}: control inputs {found_control}, expected {control}")
    attrs, found_attrs = wanted.get("attrs", {}), found.get("attrs", {})
    for key in sorted(attrs.keys() | found_attrs.keys()):
        if not same(attrs.get(key), found_attrs.get(key)):
            lines.append(f"~ {name}: attr {key} {found_attrs.get(key)!r}, expected {attrs.get(key)!r}")
    return lines


def split_inputs(node):
    """Data inputs and control inputs of a described node; `x:0` is written `x`."""
    inputs = [name.removesuffix(":0") for name in node.get("inputs", [])]
    return [n for n in inputs if not n.startswith("^")], [n for n in inputs if n.startswith("^")]


def brief(node):
    """A node in one line."""
    return f"{node['name']} = {node['op']}({', '.join(node.get('inputs', []))})"


def same(expected, actual, tolerance=1e-6):
    """Whether two pieces of plain data are equal, numbers within a tolerance."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        if expected.keys() != actual.keys():
            return False
        return all(same(expected[key], actual[key], tolerance) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(same(a, b, tolerance) for a, b in zip(expected, actual))
    if is_number(expected) and is_number(actual):
        return expected == actual or math.isclose(expected, actual, rel_tol=tolerance, abs_tol=tolerance)
    return expected == actual


def is_number(value):
    """Whether plain data is an int or a float, not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_differences(expected, actual, tolerance=2e-5):
    """One line for each step whose values are not the recorded ones."""
    lines = []
    for step, (wanted, found) in enumerate(zip(expected, actual)):
        if not same(wanted, found, tolerance):
            lines.append(f"step {step}: {shorten(found)}\n  expected {shorten(wanted)}")
    if len(expected) != len(actual):
        lines.append(f"{len(actual)} steps, expected {len(expected)}")
    return lines


def shorten(value, limit=600):
    """A value's text, cut in the middle where it is long."""
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit // 2]} ... {text[-limit // 2:]}"
