"""Ops on pictures [batch, height, width, channels]: sizes, colours, codecs, boxes."""
