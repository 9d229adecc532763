"""What writes the three tables of names and op definitions: facts of TensorFlow 1.15, and homes in tfmagic."""
