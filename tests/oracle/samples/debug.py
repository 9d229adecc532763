"""Samples for the ops of tfmagic/ops/debug."""

SAMPLES = {}
