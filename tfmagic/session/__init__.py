"""Sessions: prune, place, lower to torch.fx, optimise, cache the plan, run it. torch is imported by the first run."""

from tfmagic.session.session import BaseSession, InteractiveSession, Session

__all__ = ["BaseSession", "InteractiveSession", "Session"]
