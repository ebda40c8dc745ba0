"""What a user's words mean: a mid, a name, or words that only one name has. Parts of words never count."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from asyncdl.errors import UsageError
from asyncdl.labels.table import Label, Labels

_WORD = re.compile(r"[^\W_]+")
_MOST_TOLD = 6
_MOST_CHARACTERS = 100


def meant(text: str, labels: Labels) -> Label:
    """Find the one label that ``text`` means: mid, else name (case aside), else words of a single name.

    Raises ``UsageError`` with the candidates, or with the nearest names.
    """
    found = candidates(text, labels)
    if len(found) > 1:
        raise _ambiguous(found, text.strip())
    return found[0]


def candidates(text: str, labels: Labels) -> list[Label]:
    """Find all labels that ``text`` can mean, at least one; raises ``UsageError`` with the nearest names."""
    wanted = text.strip()
    if wanted in labels.by_mid:
        return [labels.by_mid[wanted]]
    if named := [label for label in labels if _is_named(label, wanted)]:
        return named
    if having := search(wanted, labels):
        return having
    raise _unknown(wanted, labels)


def search(text: str, labels: Labels) -> list[Label]:
    """Find the labels with a name that has all words of ``text``, in the ontology's order."""
    wanted = words(text)
    return [label for label in labels if wanted and any(wanted <= words(name) for name in label.names)]


def words(text: str) -> frozenset[str]:
    """Take the words of a name; case, punctuation and the ``'s`` of ``dentist's`` aside."""
    return frozenset(_WORD.findall(text.casefold().replace("'s", "")))


def nearest(text: str, labels: Labels) -> list[str]:
    """Name labels that share words with ``text``, then those that are spelled nearly so."""
    wanted = text.casefold()[:_MOST_CHARACTERS]
    having = _by_word(labels)
    spelled = {part.casefold(): label.name for label in labels for part in _parts(label)}
    close = [spelled[part] for part in get_close_matches(wanted, spelled, n=_MOST_TOLD, cutoff=0.6)]
    similar = [one for word in words(wanted) for one in get_close_matches(word, having, n=1, cutoff=0.75)]
    found = (*_sharing(words(wanted), having), *close, *_sharing(similar, having))
    return list(dict.fromkeys(found))[:_MOST_TOLD]


def _sharing(wanted: Iterable[str], having: Mapping[str, list[str]]) -> Iterator[str]:
    """Names with most of the words."""
    shared = Counter(name for word in sorted(wanted) for name in having.get(word, ()))
    return (name for name, _ in shared.most_common(_MOST_TOLD))


def _by_word(labels: Labels) -> Mapping[str, list[str]]:
    """Names by each of their words."""
    having: defaultdict[str, list[str]] = defaultdict(list)
    for label in labels:
        for word in frozenset().union(*map(words, label.names)):
            having[word].append(label.name)
    return having


def _parts(label: Label) -> Iterable[str]:
    """Whole names, and the parts of ``Canidae, dogs, wolves``: each brings the label to mind."""
    yield from (part.strip() for name in label.names for part in name.split(","))
    yield from label.names


def _is_named(label: Label, wanted: str) -> bool:
    return any(name.casefold() == wanted.casefold() for name in label.names)


def _ambiguous(found: list[Label], wanted: str) -> UsageError:
    told = ", ".join(f"{label.name} ({label.mid})" for label in found[:_MOST_TOLD])
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return UsageError(
        f"The label {wanted!r} can be any of {told}{more}.",
        mend="Give the whole name or the mid; asyncdl labels shows all.",
    )


def _unknown(wanted: str, labels: Labels) -> UsageError:
    close = nearest(wanted, labels)
    hint = f"Did you mean {'; '.join(close)}? " if close else ""
    shown = wanted if len(wanted) <= _MOST_CHARACTERS else wanted[:_MOST_CHARACTERS] + "…"
    return UsageError(f"There is no label {shown!r}.", mend=f"{hint}asyncdl labels shows all.")
