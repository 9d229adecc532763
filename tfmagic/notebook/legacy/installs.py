"""Install lines of old notebooks: TensorFlow is dropped from them, everything else is left as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMAND = re.compile(r"""^\s*(?:sudo\s+)?
                      (?:\S*pip[\d.]*|conda|mamba|(?:\S*python[\d.]*|["']?\{?sys\.executable\}?["']?)\s+-m\s+pip)
                      \s+(?:install|uninstall)\b""", re.VERBOSE)
_WORD = re.compile(r"""(?<!\S)(?P<quote>["']?)
                   (?P<name>tensorflow(?:[-_](?:gpu|cpu|estimator|intel|macos))?|tf[-_]nightly[\w.-]*|tf[-_]estimator[\w.-]*)
                   (?:\[[^\]]*\])?
                   (?P<version>(?:===?|=|>=|<=|~=|!=|<|>)[^\s"';&|]*)?
                   (?P=quote)(?=[\s;&|)]|$)""", re.VERBOSE)
_BETWEEN = re.compile(r"(&&|\|\||;)")
_WITH_VALUE = frozenset({"-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f",
                         "--find-links", "-t", "--target", "--prefix", "--root", "-n", "--name", "-p"})
_NAMES_PACKAGES = frozenset({"-r", "--requirement", "-e", "--editable"})


@dataclass(frozen=True)
class Rewritten:
    """What becomes of a shell command.

    Attributes:
      command: what is left to run, "" for nothing.
      dropped: the words that were taken out ("tensorflow==1.14").
      asks_for_2: whether one of them asked for TensorFlow 2.
    """

    command: str
    dropped: tuple[str, ...]
    asks_for_2: bool

    def message(self) -> str:
        """One line for the user."""
        what = ", ".join(self.dropped)
        if self.asks_for_2:
            return (f"tfmagic: this notebook asks for TensorFlow 2 ({what}); tfmagic is TensorFlow 1.15, so its "
                    "TensorFlow 2 parts will not run. Nothing was installed for it.")
        return f"tfmagic: {what} is not needed here, tfmagic takes its place; it was left out of the install."


def wants_tensorflow_2(name: str, version: str) -> bool:
    """Whether a requirement can only be met by TensorFlow 2.

    Args:
      name: the package ("tf-nightly-2.0-preview").
      version: the version part with its operator ("==2.3.0"), "" for none.
    """
    return re.match(r"(===?|=|>=|~=|>)\s*2", version) is not None or re.search(r"[-_]2[.-]", name) is not None


def rewrite(command: str) -> Rewritten | None:
    """Take TensorFlow out of an install command.

    Args:
      command: a shell line such as "pip install tensorflow==1.14 matplotlib".

    Returns:
      What is left of it, or None when the line does not install TensorFlow.
    """
    parts = _BETWEEN.split(command)
    dropped: list[str] = []
    asks_for_2 = False
    for index in range(0, len(parts), 2):
        part = parts[index]
        if not _COMMAND.match(part):
            continue
        for match in _WORD.finditer(part):
            dropped.append(match["name"] + (match["version"] or ""))
            asks_for_2 |= wants_tensorflow_2(match["name"], match["version"] or "")
        smaller = _WORD.sub("", part)
        if smaller != part:
            smaller = re.sub(r"(?<=\S)[ \t]{2,}", " ", smaller)
            parts[index] = smaller if _names_packages(smaller) else ""
    if not dropped:
        return None
    return Rewritten(_joined(parts), tuple(dropped), asks_for_2)


def _names_packages(command: str) -> bool:
    """Whether an install command still has something to install."""
    words = iter(command[_COMMAND.match(command).end():].split())  # type: ignore[union-attr]
    for word in words:
        if word.startswith(("|", "#")):
            return False
        if word in _NAMES_PACKAGES:
            return True
        if word in _WITH_VALUE:
            next(words, None)
        elif re.match(r"\d?>", word):
            if re.fullmatch(r"\d?>+", word):
                next(words, None)
        elif not word.startswith(("-", "&", "<")):
            return True
    return False


def _joined(parts: list[str]) -> str:
    """The commands that are left, with the operators between them."""
    text = ""
    for index in range(0, len(parts), 2):
        if not parts[index].strip():
            continue
        operator = parts[index - 1] if text else ""
        text += operator + parts[index]
    return text.strip()
