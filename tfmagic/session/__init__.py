"""Sessions: prune, place, lower to torch.fx, optimise, cache the plan, run it. torch is imported by the first run."""

from typing import Any

from tfmagic.session.session import BaseSession, InteractiveSession, Session

__all__ = ["BaseSession", "InteractiveSession", "Session", "to_module"]


def to_module(fetches: Any, feeds: Any = (), session: Any = None) -> Any:
    """Hand over a part of a graph as a `torch.nn.Module`; see `tfmagic.session.modules.to_module`."""
    from tfmagic.session.modules import to_module

    return to_module(fetches, feeds, session)
