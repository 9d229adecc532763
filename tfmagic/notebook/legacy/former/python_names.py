"""What the standard library of Python 3.5 to 3.7 had and today's has not."""

from __future__ import annotations

import base64
import collections
import collections.abc
import errno
import fractions
import html
import html.parser
import inspect
import math
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from tfmagic.tf.util.functions import ArgSpec


def _argument_specification(func: Any) -> ArgSpec:
    full = inspect.getfullargspec(func)
    if full.kwonlyargs:
        raise ValueError("Function has keyword-only parameters, use getfullargspec() API which can support them")
    return ArgSpec(full.args, full.varargs, full.varkw, full.defaults)


_LOST: tuple[tuple[Any, dict[str, Any]], ...] = (
    (base64, {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes}),
    (collections, {name: getattr(collections.abc, name) for name in collections.abc.__all__}),
    (fractions, {"gcd": math.gcd}),
    (html.parser.HTMLParser, {"unescape": staticmethod(html.unescape)}),
    (inspect, {"getargspec": _argument_specification, "ArgSpec": ArgSpec}),
    (os, {"errno": errno}),
    (threading.Thread, {"isAlive": threading.Thread.is_alive}),
    (time, {"clock": time.process_time}),
)


def lost() -> Iterator[tuple[Any, str, Any]]:
    """Modules and classes, names and values that this Python has not."""
    for owner, values in _LOST:
        for name, value in values.items():
            if not hasattr(owner, name):
                yield owner, name, value
