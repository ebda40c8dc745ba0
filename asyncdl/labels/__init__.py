"""AudioSet's labels: the classes, the tree above them, and what a user's words mean."""

from asyncdl.labels.meaning import candidates, meant, search
from asyncdl.labels.table import Label, Labels, load_labels
from asyncdl.labels.tally import LabelTally

__all__ = ["Label", "LabelTally", "Labels", "candidates", "load_labels", "meant", "search"]
