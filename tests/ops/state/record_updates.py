"""Records updates.json from the TensorFlow that runs this script (2.21 was used): python record_updates.py"""

import json
from pathlib import Path

import tensorflow.compat.v1 as tf
import updates

tf.disable_v2_behavior()
found = {"recorded_from": f"TensorFlow {tf.__version__}", **updates.observe(tf)}
Path(__file__).with_name("updates.json").write_text(json.dumps(found, indent=0))
