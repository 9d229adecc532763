"""Names of tf.contrib.eager that graphs have too."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.test.modes import run_all_in_graph_and_eager_modes, run_in_graph_and_eager_modes
from tfmagic.tf.variable.resource import ResourceVariable
from tfmagic.tf.variable.template import make_template

for _name, _thing in (("Variable", ResourceVariable), ("make_template", make_template),
                      ("run_test_in_graph_and_eager_modes", run_in_graph_and_eager_modes),
                      ("run_all_tests_in_graph_and_eager_modes", run_all_in_graph_and_eager_modes),
                      ("SYNC", 0), ("ASYNC", 1), ("DEVICE_PLACEMENT_EXPLICIT", 0), ("DEVICE_PLACEMENT_WARN", 1),
                      ("DEVICE_PLACEMENT_SILENT", 2)):
    export(f"contrib.eager.{_name}")(_thing)


@export("contrib.eager.get_optimizer_variables")
def get_optimizer_variables(optimizer: Any) -> list[Any]:
    """The variables that an optimizer has made: its slots, and those for all that it trains."""
    return optimizer.variables()


@export("contrib.eager.num_gpus")
def num_gpus() -> int:
    """The number of GPUs of this machine that there is a device for."""
    return len(api.config.experimental.list_physical_devices("GPU"))
