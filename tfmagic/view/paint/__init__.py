"""Scene -> text, DOT, SVG, HTML, JSON and the notebook's MIME bundle; tensors as blocks."""
