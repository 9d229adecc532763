"""Comparing recorded with observed graphs and values, with differences a reader can act on."""

import cmath
import json
import math
import re

from oracle.observe import as_in_3


def differences(expected, actual, meant=()):
    """Texts about every part in which what was observed of a program is not what was recorded.

    Args:
        expected: the record of a program, as `observe` gave it under TensorFlow 1.15.
        actual: what `observe` gave under tfmagic, as plain data.
        meant: parts that are not compared.
    """
    lines = {"nodes (- missing, + extra, ~ different)": node_differences(expected["nodes"], actual["nodes"])}
    for part in ("collections", "library", "shown", "facts"):
        wanted, found = expected.get(part), actual.get(part)
        if part == "library" and wanted and found:  # functions of one name are in any order
            wanted, found = (sorted(functions, key=lambda f: json.dumps(f, sort_keys=True))
                             for functions in (wanted, found))
        lines[part] = part_differences(wanted, found)
    lines["values"] = value_differences(expected.get("values", []), actual.get("values", []))
    return [report(title, found) for title, found in lines.items() if found and title.split()[0] not in meant]


def error_differences(expected, case, raised, alive, meant=()):
    """Texts about an error that is not the recorded one.

    Args:
        expected: the record: TensorFlow's class, the name of the node, and the message.
        case: the `ErrorCase`.
        raised: the exception, or None.
        alive: whether the session still answers, or None.
        meant: parts that are not compared.
    """
    if raised is None:
        return [f"nothing was raised; TensorFlow: {expected['class']}: {expected['message']}"]
    lines = {}
    if expected["class"] not in {c.__name__ for c in type(raised).__mro__}:
        lines["class"] = f"{type(raised).__name__}, expected {expected['class']}"
    wanted, found = (first_line(text) for text in (expected["message"], getattr(raised, "message", "") or str(raised)))
    if wanted != found and not case.python_words:
        lines["message"] = f"message {found}\n  expected {wanted}"
    missing = [word for word in case.words if word.lower() not in str(raised).lower()]
    if missing:
        lines["words"] = f"the message lacks {missing}"
    node = getattr(getattr(raised, "op", None), "name", None)
    if expected["node"] is not None and node != expected["node"]:
        lines["node"] = f"node {node}, expected {expected['node']}"
    if alive is False:
        lines["alive"] = "the session does not answer any more"
    return [line for part, line in lines.items() if part not in meant]


def first_line(message):
    """A message's first line without what depends on the machine, the process or the version of Python."""
    if isinstance(message, str) and re.fullmatch(r"(['\"]).*\1", message):  # a KeyError's text is a repr
        message = message[1:-1]
    line = as_in_3((message.splitlines() or [""])[0])
    for pattern, new in ((r"<type '", "<class '"), (r"pyfunc_\d+", "pyfunc"), (r"^exceptions\.", ""),
                         (r"available devices are \[[^\]]*\]", "available devices are [ ... ]"),
                         (r" at [^ ]*\.py:\d+", ""), (r"(TensorArray |Stack\[)([\w/]*?)_\d+(?=\W)", r"\1\2"),
                         (r"__per_step_\d+", "__per_step"), (r"(function_node [^}]*)_\d+(?=}})", r"\1"),
                         (r"running on \w+\.", "running on HOST.")):
        line = re.sub(pattern, new, line)
    return line


def report(title, lines, limit=30):
    """A readable failure text, empty where there is nothing to tell."""
    more = f"\n... and {len(lines) - limit} more" if len(lines) > limit else ""
    return f"{title}:\n" + "\n".join(lines[:limit]) + more if lines else ""


def node_differences(expected, actual):
    """One line for each difference between two lists of described nodes, and for the first node out of order.

    Args:
        expected: nodes as recorded.
        actual: nodes of the graph under test.
    """
    wanted = {node["name"]: node for node in expected}
    found = {node["name"]: node for node in actual}
    lines = [f"- {brief(node)}" for name, node in wanted.items() if name not in found]
    lines += [f"+ {brief(node)}" for name, node in found.items() if name not in wanted]
    for name, node in wanted.items():
        if name in found:
            lines += field_differences(name, node, found[name])
    return lines + order_differences([n for n in wanted if n in found], [n for n in found if n in wanted])


def order_differences(wanted, found):
    """A line for the first node that stands in another place among those that both graphs have."""
    for place, (name, other) in enumerate(zip(wanted, found)):
        if name != other:
            return [f"order: node {place} is {other}, expected {name}"]
    return []


def field_differences(name, wanted, found):
    """Lines for one node that both graphs have."""
    lines = []
    for key in ("op", "device", "inputs", "shapes"):
        if wanted.get(key) != found.get(key):
            lines.append(f"~ {name}: {key} {found.get(key)}, expected {wanted.get(key)}")
    attrs, found_attrs = wanted.get("attrs", {}), found.get("attrs", {})
    for key in sorted(attrs.keys() | found_attrs.keys()):
        if not same(attrs.get(key), found_attrs.get(key)):
            lines.append(f"~ {name}: attr {key} {shown(found_attrs.get(key))}, expected {shown(attrs.get(key))}")
    return lines


def brief(node):
    """A node in one line."""
    return f"{node['name']} = {node['op']}({', '.join(node.get('inputs', []))})"


def part_differences(expected, actual):
    """Lines for a list or dict of facts that is not the recorded one, one for each entry."""
    if same(expected, actual):
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [f"{key}: {shown(actual.get(key))}\n  expected {shown(expected.get(key))}"
                for key in sorted(expected.keys() | actual.keys()) if not same(expected.get(key), actual.get(key))]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [f"{place}: {shown(found)}\n  expected {shown(wanted)}"
                for place, (wanted, found) in enumerate(zip(expected, actual)) if not same(wanted, found)]
    return [f"{shown(actual)}\n  expected {shown(expected)}"]


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
    if is_complex(expected) and is_complex(actual):
        a, b = complex(expected), complex(actual)
        return repr(a) == repr(b) or cmath.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    return expected == actual and isinstance(expected, bool) == isinstance(actual, bool)


def is_number(value):
    """Whether plain data is an int or a float, not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_complex(value):
    """Whether plain data is the text of a complex number."""
    return isinstance(value, str) and re.fullmatch(r"\(?[-+.\deinfa]+j\)?", value) is not None


def value_differences(expected, actual, tolerance=2e-5):
    """One line for each step whose values are not the recorded ones."""
    lines = []
    for step, (wanted, found) in enumerate(zip(expected, actual)):
        if not same(wanted, found, tolerance):
            lines += [f"step {step}{where}: {shown(b)}\n  expected {shown(a)}"
                      for where, a, b in first_difference(wanted, found, tolerance)]
    if len(expected) != len(actual):
        lines.append(f"{len(actual)} steps, expected {len(expected)}")
    return lines


def first_difference(wanted, found, tolerance, where=""):
    """(where, wanted, found) of the first place in two nested fetched values that differs."""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for i, (a, b) in enumerate(zip(wanted, found)):
            if not same(a, b, tolerance):
                return first_difference(a, b, tolerance, f"{where}[{i}]")
    return [(where, wanted, found)]


def shown(value, limit=600):
    """A value's text as plain JSON-like data, cut in the middle where it is long."""
    text = str(plain(value))
    return text if len(text) <= limit else f"{text[:limit // 2]} ... {text[-limit // 2:]}"


def plain(value):
    """Nested data with ordinary dicts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def shorten(value, limit=600):
    """A value's text, cut in the middle where it is long."""
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit // 2]} ... {text[-limit // 2:]}"
