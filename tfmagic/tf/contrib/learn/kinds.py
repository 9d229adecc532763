"""tf.contrib.learn: the names of modes, problems, predictions and tasks."""

from __future__ import annotations

from tfmagic.base.export import export


@export("contrib.learn.ModeKeys")
class ModeKeys:
    """What a model is built for."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"

    @classmethod
    def validate(cls, key: str) -> None:
        """Refuse what is no mode.

        Raises:
          ValueError: another word.
        """
        if key not in (cls.TRAIN, cls.EVAL, cls.INFER):
            raise ValueError(f"Invalid mode {key}.")


@export("contrib.learn.ProblemType")
class ProblemType:
    """What a model is asked."""

    UNSPECIFIED = 0
    CLASSIFICATION = 1
    LINEAR_REGRESSION = 2
    LOGISTIC_REGRESSION = 3


@export("contrib.learn.PredictionKey")
class PredictionKey:
    """The names of a model's answers."""

    CLASSES = "classes"
    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    LOGISTIC = "logistic"
    SCORES = "scores"
    TOP_K = "top_k"
    GENERIC = "output"


@export("contrib.learn.TaskType")
class TaskType:
    """What a machine of a cluster does."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"
