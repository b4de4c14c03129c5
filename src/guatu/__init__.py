"""Guatu 挂图: promises and limits on the wall, gaps as warnings, warnings with owners."""

__version__ = "0.1.0"
