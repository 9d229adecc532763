"""Errors that say that a program is written in Python 2."""

from __future__ import annotations

from pathlib import Path

_NAMES = frozenset({"apply", "basestring", "buffer", "cmp", "execfile", "file", "intern", "long", "raw_input", "reduce",
                    "reload", "unichr", "unicode", "xrange"})
_ATTRIBUTES = frozenset({"iteritems", "iterkeys", "itervalues", "has_key", "viewitems", "viewkeys", "viewvalues",
                         "func_name", "im_func", "im_self", "maxint", "setdefaultencoding", "izip", "imap", "ifilter",
                         "next"})
_MODULES = frozenset({"BaseHTTPServer", "ConfigParser", "Cookie", "HTMLParser", "Queue", "SimpleHTTPServer",
                      "SocketServer", "StringIO", "Tkinter", "__builtin__", "anydbm", "cPickle", "cStringIO",
                      "commands", "copy_reg", "cookielib", "exceptions", "htmlentitydefs", "httplib", "md5", "sets",
                      "sha", "thread", "tkFileDialog", "tkMessageBox", "urllib2", "urlparse", "xmlrpclib"})


def of_python2(error: BaseException, source: str | None = None) -> bool:
    """Whether an error comes of running Python 2 as Python 3.

    Args:
      error: the error.
      source: what was to be run, where it is not in the file that an error of syntax names.
    """
    if isinstance(error, SyntaxError):
        return _is_source_of_python2(error, source)
    if isinstance(error, NameError):
        return error.name in _NAMES
    if isinstance(error, AttributeError):
        return error.name in _ATTRIBUTES
    if isinstance(error, ModuleNotFoundError):
        return error.name in _MODULES
    if isinstance(error, ImportError):  # from itertools import izip
        return any(f"'{name}'" in str(error) for name in _ATTRIBUTES)
    return False


def _is_source_of_python2(error: SyntaxError, source: str | None) -> bool:
    from tfmagic.notebook.legacy.py2 import translate

    if source is None:
        try:
            source = translate.decode(Path(error.filename or "").read_bytes())
        except (OSError, SyntaxError, UnicodeDecodeError):
            return False
    return translate.is_python2(source)
