"""Configurations in the YAML at the top of a README: which files Hugging Face's ``datasets`` loads as what.

AudioSet has the three that it has there: ``balanced`` and ``unbalanced``, each with the evaluation set as
``test``, and ``full``. Every other split is a configuration by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_BALANCED, _UNBALANCED, _EVAL = "bal_train", "unbal_train", "eval"
_TRAINS = {"balanced": (_BALANCED,), "unbalanced": (_UNBALANCED,), "full": (_BALANCED, _UNBALANCED)}
# ``default`` means more to ``datasets`` than a name.
_TAKEN = frozenset({*_TRAINS, "default"})
_PARTS = {
    **dict.fromkeys(("eval", "evaluation", "test"), "test"),
    **dict.fromkeys(("dev", "val", "valid", "validation"), "validation"),
}
Files = dict[str, list[str]]


def configs_of(folders: Iterable[str]) -> str:
    """Write the YAML of the configurations; ``folders`` of ``data`` hold the files of one split each.

    The first one is what is loaded where none is asked for.
    """
    lines = ["configs:"]
    for number, (name, files) in enumerate(_configs(list(folders)).items()):
        default = [] if number else ["  default: true"]
        lines += [f'- config_name: "{name}"', *default, "  data_files:"]
        for part, chosen in files.items():
            lines += [f"  - split: {part}", "    path:", *(f"    - data/{one}/*.parquet" for one in chosen)]
    return "".join(f"{line}\n" for line in lines)


def _configs(folders: list[str]) -> dict[str, Files]:
    configs: dict[str, Files] = {}
    evaluation: Files = {"test": [_EVAL]} if _EVAL in folders else {}
    for name, trains in _TRAINS.items():
        if all(train in folders for train in trains):
            configs[name] = {"train": list(trains), **evaluation}
    known = {_BALANCED, _UNBALANCED, *([_EVAL] if configs else [])}
    others = [folder for folder in folders if folder not in known]
    for name, folder in zip(_free_names(others), others, strict=True):
        configs[name] = {_part_of(folder): [folder]}
    return configs


def _free_names(folders: list[str]) -> Iterator[str]:
    """Name configurations by their folders, and apart from those that mean something already."""
    for folder in folders:
        name = folder
        while name in _TAKEN or (name != folder and name in folders):
            name += "_"
        yield name


def _part_of(folder: str) -> str:
    """Tell what a split is for by its last word that says so."""
    words = re.split(r"[._-]+", folder.lower())
    return next((_PARTS[word] for word in reversed(words) if word in _PARTS), "train")
