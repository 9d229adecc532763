"""The names that SavedModels use: of files, tags, signatures and their inputs and outputs."""

from __future__ import annotations

from tfmagic.base.export import export

ASSETS_DIRECTORY = "assets"
ASSETS_KEY = "saved_model_assets"
LEGACY_INIT_OP_KEY = "legacy_init_op"
MAIN_OP_KEY = "saved_model_main_op"
SAVED_MODEL_FILENAME_PB = "saved_model.pb"
SAVED_MODEL_FILENAME_PBTXT = "saved_model.pbtxt"
SAVED_MODEL_SCHEMA_VERSION = 1
VARIABLES_DIRECTORY = "variables"
VARIABLES_FILENAME = "variables"

CLASSIFY_INPUTS = "inputs"
CLASSIFY_METHOD_NAME = "tensorflow/serving/classify"
CLASSIFY_OUTPUT_CLASSES = "classes"
CLASSIFY_OUTPUT_SCORES = "scores"
DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
PREDICT_INPUTS = "inputs"
PREDICT_METHOD_NAME = "tensorflow/serving/predict"
PREDICT_OUTPUTS = "outputs"
REGRESS_INPUTS = "inputs"
REGRESS_METHOD_NAME = "tensorflow/serving/regress"
REGRESS_OUTPUTS = "outputs"

GPU = "gpu"
SERVING = "serve"
TPU = "tpu"
TRAINING = "train"

for _name, _value in list(globals().items()):
    if _name.isupper():
        export("saved_model." + _name)(_value)

# What is not public: files beside the graph, uses of it in training, and what runs at the begin and what trains.
EXTRA_ASSETS_DIRECTORY = "assets.extra"
SAVED_MODEL_FILENAME_JSON = "saved_model.json"
TRAIN_OP_KEY = "saved_model_train_op"
DEFAULT_EVAL_SIGNATURE_DEF_KEY = "eval"
DEFAULT_TRAIN_SIGNATURE_DEF_KEY = "train"
SUPERVISED_EVAL_METHOD_NAME = "tensorflow/supervised/eval"
SUPERVISED_TRAIN_METHOD_NAME = "tensorflow/supervised/training"
EVAL = "eval"
INIT_OP_SIGNATURE_KEY = "__saved_model_init_op"
TRAIN_OP_SIGNATURE_KEY = "__saved_model_train_op"
