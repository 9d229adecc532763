"""Options of data sets: how they are optimised, on which threads they run, whether their order counts."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.data.statistics import StatsAggregatorV1


class OptionsBase:
    """Options whose names and types are settled: nothing else can be set."""

    _options: dict[str, Any]

    def __init__(self) -> None:
        object.__setattr__(self, "_options", {})

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name):
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in set(self._options) | set(other._options))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # they change


def option(name: str, ty: Any, docstring: str, default_factory: Any = lambda: None) -> Any:
    """One option as a property.

    Args:
      ty: the type that its value has to have, or several.
      default_factory: makes its value where none was set.
    """

    def get(self: Any) -> Any:
        if name not in self._options:
            made = default_factory()
            if not isinstance(made, OptionsBase):  # what was not set says nothing where options are merged
                return made
            self._options[name] = made
        return self._options[name]

    def set_(self: Any, value: Any) -> None:
        if not isinstance(value, ty):
            raise TypeError(f"Property \"{name}\" must be of type {ty}, got: {value!r} (type: {type(value)})")
        self._options[name] = value

    return property(get, set_, doc=docstring)


def merged(*options_list: Any) -> Any:
    """Options in which later ones add to earlier ones.

    Raises:
      ValueError: there are none, or one has two values.
      TypeError: they are of different classes.
    """
    if not options_list:
        raise ValueError("At least one options should be provided")
    kind = type(options_list[0])
    result = kind()
    for given in options_list:
        if not isinstance(given, kind):
            raise TypeError(f"Incompatible options type: {type(given)} vs {kind}")
        for name, value in given._options.items():
            present = getattr(result, name)
            if isinstance(present, OptionsBase):
                result._options[name] = merged(present, value)
            elif value is not None:
                if name in result._options and present is not None and present != value:
                    raise ValueError(f"Cannot merge incompatible values ({present!r} and {value!r}) of option: {name}")
                result._options[name] = value
    return result


@export("data.experimental.MapVectorizationOptions")
class MapVectorizationOptions(OptionsBase):
    """Whether maps before batches are computed of whole batches."""

    enabled = option("enabled", bool, "Whether to do so.")
    use_choose_fastest = option("use_choose_fastest", bool, "Whether to try which is faster.")

    def _static_optimizations(self) -> list[str]:
        return ["map_vectorization"] if self.enabled else []

    def _static_optimization_configs(self) -> list[str]:
        return [f"map_vectorization:use_choose_fastest:{'true' if self.use_choose_fastest else 'false'}"]


@export("data.experimental.OptimizationOptions")
class OptimizationOptions(OptionsBase):
    """Which rewritings are applied to data sets."""

    apply_default_optimizations = option("apply_default_optimizations", bool, "Whether the default ones are.")
    autotune = option("autotune", bool, "Whether numbers that are left open are tuned.")
    autotune_algorithm = option("autotune_algorithm", int, "The algorithm that tunes.")
    autotune_buffers = option("autotune_buffers", bool, "Whether buffers are added and tuned.")
    autotune_cpu_budget = option("autotune_cpu_budget", int, "How many processors tuning may count on.")
    filter_fusion = option("filter_fusion", bool, "Whether filters in a row become one.")
    filter_with_random_uniform_fusion = option("filter_with_random_uniform_fusion", bool,
                                               "Whether a filter by random numbers becomes a sampling.")
    hoist_random_uniform = option("hoist_random_uniform", bool, "Whether random numbers are taken out of maps.")
    map_and_batch_fusion = option("map_and_batch_fusion", bool, "Whether a map and a batch become one.")
    map_and_filter_fusion = option("map_and_filter_fusion", bool, "Whether a map and a filter become one.")
    map_fusion = option("map_fusion", bool, "Whether maps in a row become one.")
    map_parallelization = option("map_parallelization", bool, "Whether maps run in parallel.")
    map_vectorization = option("map_vectorization", MapVectorizationOptions, "See there.", MapVectorizationOptions)
    noop_elimination = option("noop_elimination", bool, "Whether what does nothing is left out.")
    parallel_batch = option("parallel_batch", bool, "Whether batches are copied in parallel.")
    shuffle_and_repeat_fusion = option("shuffle_and_repeat_fusion", bool, "Whether a shuffle and a repeat become one.")

    def _autotune_buffers(self) -> bool:
        return bool(self.autotune_buffers)

    def _autotune_settings(self) -> tuple[bool, int, int]:
        """Whether to tune, the algorithm, how many processors."""
        return self.autotune is not False, self.autotune_algorithm or 0, self.autotune_cpu_budget or 0

    def _static_optimizations(self) -> list[str]:
        names = {name for name in ("filter_fusion", "filter_with_random_uniform_fusion", "hoist_random_uniform",
                                   "map_and_batch_fusion", "map_and_filter_fusion", "map_parallelization",
                                   "map_fusion", "noop_elimination", "parallel_batch", "shuffle_and_repeat_fusion")
                 if getattr(self, name)}
        if self.apply_default_optimizations is not False:
            names.update(name for name in ("map_and_batch_fusion", "noop_elimination", "shuffle_and_repeat_fusion")
                         if getattr(self, name) is not False)
        names.update(self.map_vectorization._static_optimizations())
        if self._autotune_buffers():
            names.add("inject_prefetch")
        return sorted(names)


@export("data.experimental.ThreadingOptions")
class ThreadingOptions(OptionsBase):
    """On which threads a data set runs."""

    max_intra_op_parallelism = option("max_intra_op_parallelism", int, "How many threads one op may use.")
    private_threadpool_size = option("private_threadpool_size", int, "How many threads the data set has of its own.")


@export("data.experimental.StatsOptions")
class StatsOptions(OptionsBase):
    """Which statistics of a data set are collected."""

    aggregator = option("aggregator", StatsAggregatorV1, "What collects them.")
    prefix = option("prefix", str, "What stands before their names.", str)
    counter_prefix = option("counter_prefix", str, "What stands before the names of counters.", str)
    latency_all_edges = option("latency_all_edges", bool, "Whether the time of each transformation is taken.")


@export("data.experimental.DistributeOptions")
class DistributeOptions(OptionsBase):
    """How a data set is shared out among workers."""

    auto_shard = option("auto_shard", bool, "Whether it is shared out by itself.", lambda: True)
    num_devices = option("num_devices", int, "How many devices take elements.")


@export("data.Options")
class Options(OptionsBase):
    """Options of a data set, which it takes by `with_options`."""

    experimental_deterministic = option("experimental_deterministic", bool,
                                        "Whether elements come in a settled order.")
    experimental_distribute = option("experimental_distribute", DistributeOptions, "See there.", DistributeOptions)
    experimental_optimization = option("experimental_optimization", OptimizationOptions, "See there.",
                                       OptimizationOptions)
    experimental_slack = option("experimental_slack", bool, "Whether the last prefetch leaves time to others.")
    experimental_stats = option("experimental_stats", StatsOptions, "See there.", StatsOptions)
    experimental_threading = option("experimental_threading", ThreadingOptions, "See there.", ThreadingOptions)
    experimental_stateful_whitelist = option("experimental_stateful_whitelist", list,
                                             "Ops with a state that do not keep a data set from being written.")

    def merge(self, options: Options) -> Options:
        """These options, changed by others."""
        return merged(self, options)

    def _static_optimizations(self) -> list[str]:
        names = self.experimental_optimization._static_optimizations()
        if self.experimental_deterministic is False:
            names.append("make_sloppy")
        if self.experimental_stats.latency_all_edges:
            names.append("latency_all_edges")
        if self.experimental_slack:
            names.append("slack")
        return names

    def _static_optimization_configs(self) -> list[str]:
        configs = self.experimental_optimization.map_vectorization._static_optimization_configs()
        if self.experimental_slack:
            configs.append(f"slack:slack_period:{self.experimental_distribute.num_devices or 1}")
        return configs
