"""A YAML file of an older tool's form is answered with how to write it here.

It is read as lines of ``key: value`` and simple lists, nothing more; nothing in it is carried out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from asyncdl.cli.given.table import BY_NAME, FILE_NAME, SECTIONS, Kind
from asyncdl.errors import UsageError

_MOST_BYTES = 100_000
_MOST_TOLD = 100
_LONGEST_FLOW = 2000
_KEY = re.compile(r"""(["']?)([^\s"'#:-][^"'#:]{0,80})\1\s*:(?:\s+(.*)|)""")
_ITEM = re.compile(r"-\s+(.*)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_WHOLE = re.compile(r"[0-9]{1,9}")
_QUOTED = r"""(?:"[^"]*"|'[^']*'|[^\s{}\[\],:"'][^{}\[\],:"']*)"""
_LISTED = rf"\[\s*(?:{_QUOTED}\s*(?:,\s*{_QUOTED}\s*)*,?\s*)?\]"
_ONE = rf"({_QUOTED})\s*:\s+({_LISTED}|{_QUOTED})\s*"
_PAIR = re.compile(_ONE)
_FLOW = re.compile(rf"\{{\s*(?:{_ONE}(?:,\s*{_ONE})*,?\s*)?\}}")
# What the older tools call it, and the setting that it becomes.
_MEANT = {
    "labels": "label",
    "labels_id_dict": "label",
    "label": "label",
    "classes": "label",
    "destination_dir": "out",
    "output_dir": "out",
    "num_threads": "concurrency",
    "num_workers": "concurrency",
    "csv_dataset": "sources",
    "fs": "sample_rate",
    "sample_rate": "sample_rate",
    "format": "format",
    "cookies": "cookies",
    "proxy": "proxy",
}


@dataclass(slots=True)
class _Entry:
    texts: list[str] = field(default_factory=list)
    nested: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_unread(self) -> bool:
        """Whether a form is left in it that is not read here: what is nested deeper, or goes on below."""
        texts = chain(self.texts, *self.nested.values())
        return any(text.startswith(("{", "[")) for text in texts)

    @property
    def first_of_each(self) -> list[str]:
        """Of a mapping of lists the first text of each, which is what the older tool took."""
        return [texts[0] for texts in self.nested.values() if texts]


def answer_yaml(path: Path) -> UsageError:
    """Make the answer to a YAML file given as settings."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig", errors="replace")
    except OSError as error:
        return UsageError(f"{path} cannot be read: {error.strerror}.")
    snippet, left = _as_toml(_read(text))
    lines = [*snippet, *left[:_MOST_TOLD]]
    told = "\n".join(lines) or "asyncdl init writes a file with all settings."
    return UsageError(
        f"{path} is YAML; asyncdl's settings are TOML.", mend=f"In {FILE_NAME} it would be:\n\n{told}"
    )


def _read(text: str) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    entry, inner = _Entry(), ""
    for line in text.splitlines():
        bare = _COMMENT.sub("", line).rstrip()
        word = bare.lstrip()
        if item := _ITEM.fullmatch(word):
            target = entry.nested[inner] if inner else entry.texts
            target.append(_unquoted(item[1]))
        elif key := _KEY.fullmatch(word):
            if bare == word:
                entry, inner = entries.setdefault(key[2].strip(), _Entry()), ""
                _take(entry, key[3] or "")
            else:
                inner = key[2].strip()
                entry.nested[inner] = _texts(key[3] or "")
    return entries


def _take(entry: _Entry, value: str) -> None:
    """Take what stands behind a key: a text, a list of texts, or one simple mapping of them."""
    bare = value.strip()
    if len(bare) <= _LONGEST_FLOW and _FLOW.fullmatch(bare):
        entry.nested |= {_unquoted(pair[1]): _texts(pair[2]) for pair in _PAIR.finditer(bare)}
    else:
        entry.texts += _texts(bare)


def _texts(value: str) -> list[str]:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return [_unquoted(part) for part in value[1:-1].split(",") if part.strip()]
    return [_unquoted(value)] if value else []


def _unquoted(text: str) -> str:
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def _as_toml(entries: dict[str, _Entry]) -> tuple[list[str], list[str]]:
    """Answer the lines of a TOML file, and a comment for each key that has no place in it."""
    said: dict[str, str] = {}
    left: list[str] = []
    for key, entry in entries.items():
        name = _MEANT.get(key.lower())
        # A table of label ids says more than the labels' names, which need not be AudioSet's.
        texts = (_wanted_ids(entries, entry) or entry.texts) if name == "label" else entry.texts
        value = _value(name, texts) if name else None
        if name is not None and entry.is_unread:
            left.append(f"# {key}: could not be read; write {name} by hand")
        elif name is None or value is None:
            left.append(f"# {key}: no setting of asyncdl")
        elif name not in said or key.lower() == "labels_id_dict":
            said[name] = value
    lines = ([f"[{section}]", *here] for section in SECTIONS if (here := list(_assignments(section, said))))
    return list(chain.from_iterable(lines)), left


def _assignments(section: str, said: dict[str, str]) -> Iterator[str]:
    return (f"{name} = {value}" for name, value in said.items() if BY_NAME[name].section == section)


def _wanted_ids(entries: dict[str, _Entry], entry: _Entry) -> list[str]:
    """Take the ids of the labels that are wanted, where both are given."""
    names = entries["labels"].texts if "labels" in entries else []
    wanted = {name: ids for name, ids in entry.nested.items() if name in names or not names}
    return _Entry(nested=wanted or entry.nested).first_of_each


def _value(name: str, texts: list[str]) -> str | None:
    kind = BY_NAME[name].kind
    if not texts or (kind is Kind.WHOLE and not _WHOLE.fullmatch(texts[0])):
        return None
    if kind is Kind.PROXIES and any("@" in text for text in texts):
        return '"…"  # left out: it holds a password'
    if kind.is_many:
        return f"[{', '.join(map(_quoted, texts))}]"
    return str(int(texts[0])) if kind is Kind.WHOLE else _quoted(texts[0])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
