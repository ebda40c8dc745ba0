"""Exact clips from lists of YouTube segments."""

__version__ = "0.1.0"
