"""The magics and their options: one table, from which parsing, help and completion are made."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tfmagic.view.paint.save import FORMATS
from tfmagic.view.phrases import LANGUAGES

EXPRESSION = "EXPR"
NAME = "NAME"
FEED = "NAME=EXPR"
DEVICE = "DEVICE"
FILE = "FILE"

_SAVE_ENDINGS = (*FORMATS, "pbtxt")


class OptionError(ValueError):
    """A magic's line cannot be read: an unknown option, or a value that is missing or wrong."""


@dataclass(frozen=True)
class Option:
    """One option of a magic.

    Attributes:
      flag: its name with the dashes.
      help: what it does, one line.
      metavar: what its value is, "" for a switch.
      choices: the values it may have, empty when any will do.
      repeat: whether it may be given several times.
      convert: text -> value; raises ValueError when the text is wrong.
    """

    flag: str
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    repeat: bool = False
    convert: Callable[[str], Any] = str

    @property
    def key(self) -> str:
        """The name its value has among the parsed values."""
        return self.flag.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class Magic:
    """One magic: what it is called with and what it does.

    Attributes:
      name: with its percent signs ("%%graph").
      argument: what stands beside the options, "" when nothing may.
      summary: what it does, in one sentence.
      options: its options in the order of the help text.
      examples: lines worth showing in the help text.
    """

    name: str
    argument: str
    summary: str
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()

    def option(self, flag: str) -> Option | None:
        """The option of that flag, or None."""
        return next((o for o in self.options if o.flag == flag), None)

    def help(self) -> str:
        """The text that `?` shows."""
        lines = [self.summary, "", "  " + " ".join(filter(None, (self.name, self.argument,
                                                                "[options]" if self.options else "")))]
        if self.options:
            left = [" ".join(filter(None, (o.flag, "|".join(o.choices) or o.metavar))) for o in self.options]
            width = max(map(len, left))
            lines += ["", "Options:"]
            for head, option in zip(left, self.options):
                again = " (may be given several times)" if option.repeat else ""
                lines.append(f"  {head:<{width}}  {option.help}{again}")
        if self.examples:
            lines += ["", "Examples:", *("  " + e for e in self.examples)]
        return "\n".join(lines) + "\n"


@dataclass
class Parsed:
    """What a magic's line said: `values` by option key, and the text beside the options."""

    values: dict[str, Any] = field(default_factory=dict)
    argument: str = ""

    def __getattr__(self, key: str) -> Any:
        try:
            return self.__dict__["values"][key]
        except KeyError:
            raise AttributeError(key) from None


def _depth(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError("a depth is 0 or more")
    return value


def unquoted(text: str) -> str:
    """The text within the quotes that stand around all of it, if they do."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        with contextlib.suppress(ValueError, SyntaxError):
            return str(ast.literal_eval(text))
    return text


def _feed(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise ValueError("write NAME=EXPR, without blanks around the equals sign")
    return name, value


def _file(text: str) -> str:
    if text.rpartition(".")[2].lower() not in _SAVE_ENDINGS:
        raise ValueError("the file's name must end in ." + ", .".join(_SAVE_ENDINGS))
    return text


_FETCH = Option("--fetch", "run the expression and write its value on the drawing", EXPRESSION, repeat=True)
_FEEDS = Option("--feed", "feed a placeholder for the run", FEED, repeat=True, convert=_feed)
_CHECK = Option("--check", "watch every value of the run, and draw where the first NaN or infinity comes from")
_INIT = Option("--init", "run the variables' initialisers first")
_DEVICE = Option("--device", "the default device of the nodes", DEVICE)
_LANG = Option("--lang", "the drawing's language, else what the notebook's metadata (tfmagic: lang) or the machine say",
               choices=LANGUAGES)
_FACE = (
    Option("--depth", "how many levels of name scopes are drawn open", "N", convert=_depth),
    Option("--direction", "the way that the data flow", choices=("TB", "LR")),
    Option("--title", "the drawing's title", "TEXT"),
    Option("--no-shapes", "leave shapes and types off the edges"),
    Option("--save", "also write it to a file, by its ending: " + ", ".join(_SAVE_ENDINGS), FILE,
           convert=_file),
    _LANG,
)
_QUIZ = Option("--quiz", "hide the shapes and types of what is computed, to be guessed: click a node or an edge")
_DRAWING = (_FETCH, _FEEDS, _INIT, *_FACE)

MAGICS = {magic.name: magic for magic in (
    Magic("%%graph", "",
          "Runs the cell and draws the nodes that it adds to the graph.",
          (Option("--all", "draw the whole graph, not only what the cell adds, and nothing left out"),
           Option("--new", "build the cell in a new graph"),
           Option("--free", "unknown names become placeholders, and nodes carry the Python names"),
           _DEVICE, _QUIZ, *_DRAWING),
          ("%%graph --direction LR --fetch c --feed x=[1, 2]", "%%graph --free", "%%graph --quiz")),
    Magic("%graph", "[EXPR ...]",
          "Draws the part of the graph that expressions need, or the whole graph.",
          (Option("--all", "leave nothing out: initialisers, gradients, what library functions made"),
           Option("--diff", "compare two things, each an expression, a graph or a cell: + new, − gone, ~ changed"),
           _QUIZ, *_DRAWING),
          ("%graph", "%graph h loss --depth 1", "%graph loss --fetch loss --init", "%graph --diff In[3] In[5]")),
    Magic("%%session", "[NAME]",
          "Runs the cell inside a default session; a tensor on the last line is run and shown with its value. The "
          "session stays open under NAME.",
          (_DEVICE, Option("--init", "run the variables' initialisers first, also of new ones"), _FEEDS,
           _CHECK,
           Option("--jit", "compile what the cell runs (with a C++ compiler): first runs take seconds"),
           Option("--profile", "trace every run, and show where time and memory went: by node, by line, as colours"),
           Option("--watch", "draw a live curve of the expressions while the cell loops",
                  f"{EXPRESSION}[,{EXPRESSION}]", repeat=True)),
          ("%%session --init", "%%session --watch loss,accuracy", "%%session --jit",
           "%%session --profile --init",
           "%%session sess --device /cpu:0 --feed x=[1., 2.]")),
    Magic("%fetch", "EXPR [EXPR ...]",
          "Runs expressions in the default session, or in a session for the moment, and shows their values.",
          (_FEEDS, _INIT, _CHECK),
          ("%fetch total", "%fetch y loss --feed x=[[1., 2.]]", "%fetch loss --check")),
    Magic("%step", "EXPR [EXPR ...]",
          "Runs expressions node by node and draws them with a slider over the steps. It is a look: the session stays "
          "as it is (variables, random numbers), and a placeholder without --feed takes what the session was fed last.",
          (_FEEDS, Option("--time", "how long each node takes, as a colour and in figures (a first run warms up)"),
           _INIT, Option("--all", "leave nothing out: initialisers, gradients, what library functions made"), *_FACE),
          ("%step y --feed x=[[1., 2.]]", "%step train_op --time")),
    Magic("%tensors", "[PATTERN]",
          "Lists the graph's tensors whose name contains PATTERN or matches it (* and ? as in file names).",
          (Option("--all", "also gradients, training, initialisers and what saves and restores"),),
          ("%tensors", "%tensors layer1/*")),
    Magic("%tensor", "EXPR [EXPR ...]",
          "Draws tensors of rank 0 to 4 as blocks with their shape and type; a small matrix product as its "
          "factors and result.",
          (_FEEDS, _INIT, Option("--title", "the drawing's title", "TEXT"), _LANG),
          ("%tensor [[1, 2], [3, 4]]", "%tensor tf.matmul(a, b)")),
    Magic("%torch", "EXPR [EXPR ...]",
          "Shows the PyTorch code that runs for an expression beside its part of the graph. Nodes without a line of "
          "their own, since they were computed beforehand, joined with another or left out, are grey and struck out.",
          (Option("--feed", "a tensor that the run would be fed", NAME, repeat=True),
           Option("--passes", "print the plan after every pass that changed it"),
           Option("--all", "leave nothing out: initialisers, gradients, what library functions made"), *_FACE),
          ("%torch total", "%torch loss --feed x --passes")),
    Magic("%tf_reset", "",
          "Starts afresh: a new default graph, default sessions closed.", (), ("%tf_reset",)),
    Magic("%devices", "", "Lists the devices that nodes can be placed on.", (), ("%devices",)),
    Magic("%tensorflow_version", "[VERSION]",
          "Makes `import tensorflow` lead to tfmagic (TensorFlow 1.15), also where a real TensorFlow is installed.",
          (), ("%tensorflow_version 1.x",)),
)}


def words(line: str) -> list[str]:
    """Split a line at blanks that stand outside quotes and brackets.

    Args:
      line: what follows the magic's name.

    Raises:
      OptionError: a quote or bracket is left open.
    """
    found: list[str] = []
    start, depth, quote = None, 0, ""
    position = 0
    while position < len(line):
        char = line[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char.isspace() and depth == 0:
            if start is not None:
                found.append(line[start:position])
                start = None
            position += 1
            continue
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth = max(0, depth - 1)
        if start is None:
            start = position
        position += 1
    if quote or depth:
        raise OptionError(f"a {'quote' if quote else 'bracket'} is left open in: {line.strip()}")
    if start is not None:
        found.append(line[start:])
    return found


def parse(magic: Magic, line: str) -> Parsed:
    """Read a magic's line.

    Args:
      magic: an entry of MAGICS.
      line: what follows the magic's name.

    Returns:
      A value for every option (False, None or an empty list where it is not given) and the text beside them.

    Raises:
      OptionError: the line cannot be read; the message says what is wrong and what is possible.
    """
    values: dict[str, Any] = {o.key: [] if o.repeat else (None if o.metavar or o.choices else False)
                              for o in magic.options}
    rest: list[str] = []
    queue = words(line)
    while queue:
        word = queue.pop(0)
        if not word.startswith("--"):
            rest.append(word)
            continue
        flag, equals, given = word.partition("=")
        option = magic.option(flag)
        if option is None:
            raise OptionError(_unknown(magic, flag))
        if not (option.metavar or option.choices):
            if equals:
                raise OptionError(f"{flag} takes no value.")
            values[option.key] = True
            continue
        if not equals:
            if not queue or queue[0].startswith("--"):
                raise OptionError(f"{flag} needs a value: {flag} {'|'.join(option.choices) or option.metavar}.")
            given = queue.pop(0)
        value = _convert(option, unquoted(given))
        if option.repeat:
            values[option.key].append(value)
        else:
            values[option.key] = value
    if rest and not magic.argument:
        raise OptionError(f"{magic.name} takes no argument: {' '.join(rest)}")
    return Parsed(values, " ".join(rest))


def _convert(option: Option, text: str) -> Any:
    if option.choices:
        for choice in option.choices:
            if text.casefold() == choice.casefold():
                return choice
        raise OptionError(f"{option.flag} is one of {', '.join(option.choices)}, not {text}.")
    try:
        return option.convert(text)
    except ValueError as error:
        raise OptionError(f"{option.flag} {text}: {error}.") from None


def _unknown(magic: Magic, flag: str) -> str:
    import difflib

    flags = [o.flag for o in magic.options]
    close = difflib.get_close_matches(flag, flags, 1)
    return (f"{magic.name} has no option {flag}" + (f"; did you mean {close[0]}?" if close else ".")
            + (f" It has: {', '.join(flags)}." if flags else ""))
