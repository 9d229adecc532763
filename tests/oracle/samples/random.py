"""Samples for the ops of tfmagic/ops/random."""

SAMPLES = {}
