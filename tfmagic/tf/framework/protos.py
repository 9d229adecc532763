"""The protobuf classes of TensorFlow's API, as the `tensorboard` package ships them; imported on first use."""

from tfmagic.base.export import Lazy, export

_CLASSES = {
    "attr_value_pb2": ("AttrValue", "NameAttrList"),
    "cluster_pb2": ("train.ClusterDef", "train.JobDef"),
    "config_pb2": ("ConfigProto", "GPUOptions", "GraphOptions", "OptimizerOptions", "RunMetadata", "RunOptions"),
    "event_pb2": ("Event", "LogMessage", "SessionLog", "TaggedRunMetadata"),
    "graph_pb2": ("GraphDef",),
    "meta_graph_pb2": ("MetaGraphDef", "TensorInfo"),
    "node_def_pb2": ("NodeDef",),
    "saver_pb2": ("train.SaverDef",),
    "summary_pb2": ("HistogramProto", "Summary", "SummaryMetadata", "summary.SummaryDescription"),
}

for _module, _names in _CLASSES.items():
    for _name in _names:
        export(_name)(Lazy(f"tensorboard.compat.proto.{_module}", _name.rpartition(".")[2]))
