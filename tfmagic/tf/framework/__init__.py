"""The default graph under public names, and the protobuf classes of TensorFlow's API."""
