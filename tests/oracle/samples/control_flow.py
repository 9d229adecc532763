"""Samples for the ops of tfmagic/ops/control_flow."""

SAMPLES = {}
