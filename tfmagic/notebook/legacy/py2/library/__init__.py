"""Modules that Python 2 had in another form: a translated program imports these instead of Python 3's."""
