"""tf.contrib.util: the ops that a graph uses."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.saving.meta_graph import ops_used_by_graph_def, stripped_op_list_for_graph

for _function in (ops_used_by_graph_def, stripped_op_list_for_graph):
    _made: Any = export(f"contrib.util.{_function.__name__}")(_function)
