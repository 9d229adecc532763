"""Samples for the random ops: shapes, dtypes and refusals; `random.json` holds their streams."""

import numpy as np
from oracle.samples.values import N, P, boolean, f16, f32, f64, i32, i64, row, scene, text

SEEDS = row(seed=42, seed2=7)
SHAPE = i32([2, 3])
PAIR = i64([1, 2])


def drawn(**arguments):
    """A call of an op that draws, run twice."""
    return scene(runs=2, **arguments, **SEEDS)


def floating(op):
    """Rows for an op that draws floating numbers of a shape."""
    return [drawn(shape=SHAPE, dtype=dtype) for dtype in ("float32", "float16", "float64", "bfloat16")] + [
        drawn(shape=shape, dtype="float32") for shape in (i32([]), i64([0, 2]), i32([4]))]


def stateless(**more):
    """Rows for a stateless op."""
    return [row(shape=SHAPE, seed=PAIR, dtype=dtype) for dtype in ("float32", "float16", "float64", "bfloat16")] + [
        row(shape=i32([]), seed=i32([-1, 5]), dtype="float32"), row(shape=i64([0]), seed=PAIR, dtype="float32"),
        row(shape=SHAPE, seed=i64([1]), dtype="float32"), row(shape=SHAPE, seed=i64(1), dtype="float32")]


def sampler(**more):
    """Rows for a candidate sampler."""
    classes = i64([[1, 3], [0, 2]])
    more = {"range_max": 6, **more}
    more = {key: value for key, value in more.items() if value is not None}
    call = row(true_classes=classes, num_true=2, num_sampled=4, **SEEDS)
    return [
        scene(runs=2, **call, unique=True, **more),
        scene(runs=2, **call, unique=False, **more),
        row(**{**call, "num_sampled": 9}, unique=True, **more),
        row(**{**call, "num_true": 3}, unique=True, **more),
        row(**{**call, "true_classes": i64([1, 3])}, unique=True, **more),
        row(**{**call, "num_sampled": 0}, unique=True, **more),
    ]


SAMPLES = {
    "RandomUniform": floating("RandomUniform"),
    "RandomStandardNormal": floating("RandomStandardNormal"),
    "TruncatedNormal": floating("TruncatedNormal"),
    "RandomUniformInt": [
        drawn(shape=SHAPE, minval=i32(0), maxval=i32(10)), drawn(shape=SHAPE, minval=i64(-5), maxval=i64(2**40)),
        drawn(shape=i32([0]), minval=i32(3), maxval=i32(3)), drawn(shape=SHAPE, minval=i32(3), maxval=i32(3)),
        drawn(shape=SHAPE, minval=i32(3), maxval=i32(1)), drawn(shape=SHAPE, minval=i32([0]), maxval=i32(10)),
    ],
    "RandomShuffle": [drawn(value=N(5)), drawn(value=N(3, 2)), drawn(value=N()), drawn(value=N(0, 2)),
                      drawn(value=text(["a", "b", "c"])), drawn(value=boolean([True, False, False]))],
    "Multinomial": [
        drawn(logits=N(2, 3), num_samples=i32(4)), drawn(logits=f64([[0, 1]]), num_samples=i32(3),
                                                         output_dtype="int32"),
        drawn(logits=N(2, 3), num_samples=i32(0)), drawn(logits=N(0, 3), num_samples=i32(2)),
        drawn(logits=f32([[]]), num_samples=i32(2)), drawn(logits=N(3), num_samples=i32(2)),
        drawn(logits=N(2, 3), num_samples=i32(-1)),
    ],
    "ParameterizedTruncatedNormal": [
        drawn(shape=i32([2, 3]), means=f32(0), stdevs=f32(1), minvals=f32(-1), maxvals=f32(2)),
        drawn(shape=i32([2, 3]), means=f64([0, 1]), stdevs=f64([1, 2]), minvals=f64([-1, 0]), maxvals=f64([2, 9])),
        drawn(shape=i32([2, 3]), means=f32(0), stdevs=f32(1), minvals=f32(3), maxvals=f32(2)),
        drawn(shape=i32([2, 3]), means=f32([0, 1, 2]), stdevs=f32(1), minvals=f32(-1), maxvals=f32(2)),
        drawn(shape=i32([]), means=f32(0), stdevs=f32(1), minvals=f32(-1), maxvals=f32(2)),
    ],
    "RandomGamma": [
        drawn(shape=i32([3]), alpha=f32([0.5, 2])), drawn(shape=i32([]), alpha=f64(3)),
        drawn(shape=i32([2]), alpha=f16([1, 2])), drawn(shape=i32([0]), alpha=f32([1])),
    ],
    "RandomGammaGrad": [row(alpha=P(3), sample=P(3)), row(alpha=P(2, 1), sample=P(3)),
                        row(alpha=f32([0.1, 50, 1]), sample=f32([0.001, 45, 0]))],
    "RandomPoisson": [drawn(shape=i32([3]), rate=f32([0.5, 20]))],
    "RandomPoissonV2": [
        drawn(shape=i32([3]), rate=f32([0.5, 20])), drawn(shape=i32([3]), rate=f64([0.5, 20]), dtype="float64"),
        drawn(shape=i32([2]), rate=i32([3]), dtype="int32"), drawn(shape=i32([0]), rate=f32([1])),
        drawn(shape=i32([2]), rate=f32([0, np.inf])),
    ],
    "StatelessRandomUniform": stateless(),
    "StatelessRandomNormal": stateless(),
    "StatelessTruncatedNormal": stateless(),
    "StatelessRandomUniformInt": [
        row(shape=SHAPE, seed=PAIR, minval=i32(-4), maxval=i32(11)),
        row(shape=SHAPE, seed=i32([3, -4]), minval=i64(-4), maxval=i64(2**40)),
        row(shape=SHAPE, seed=PAIR, minval=i32(4), maxval=i32(4)),
        row(shape=SHAPE, seed=PAIR, minval=i32([0, 1]), maxval=i32(4)),
    ],
    "StatelessMultinomial": [
        row(logits=N(2, 3), num_samples=i32(4), seed=PAIR),
        row(logits=N(2, 3), num_samples=i32(4), seed=PAIR, output_dtype="int32"),
        row(logits=N(3), num_samples=i32(4), seed=PAIR), row(logits=N(2, 3), num_samples=i32(-4), seed=PAIR),
    ],
    "UniformCandidateSampler": sampler(),
    "LogUniformCandidateSampler": sampler(),
    "FixedUnigramCandidateSampler": sampler(unigrams=[1.0, 2.0, 3.0, 1.0, 1.0, 4.0])
    + sampler(unigrams=[1.0, 2.0, 3.0], range_max=4, num_reserved_ids=1, distortion=0.5)[:2]
    + [row(true_classes=i64([[1]]), num_true=1, num_sampled=2, unique=True, range_max=6, **SEEDS)],
    "AllCandidateSampler": sampler(range_max=None),
    "LearnedUnigramCandidateSampler": sampler(),
    "ThreadUnsafeUnigramCandidateSampler": sampler(),
    "RandomCrop": [drawn(image=N(4, 5, 2), size=i64([2, 3])), drawn(image=N(4, 5, 1), size=i64([4, 5])),
                   drawn(image=N(2, 2, 1), size=i64([3, 1])), drawn(image=N(2, 2), size=i64([1, 1])),
                   drawn(image=N(2, 2, 1), size=i64([1, 1, 1])), drawn(image=N(3, 8, 1), size=i64([3, 1]))],
}
