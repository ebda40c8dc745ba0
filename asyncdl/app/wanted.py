"""What the words of a selection mean: labels become sets of ids, files become tables of names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from asyncdl.core.keytable import KeyTable
from asyncdl.core.selection import Group, SelectionSettings, Wanted
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.named_ids import read_names
from asyncdl.labels import Label, Labels, meant


def resolve_selection(
    selection: SelectionSettings,
    labels: Labels,
    cache: Path,
    tell: Callable[[str], None],
    on_progress: OnProgress | None = None,
) -> Wanted:
    """Raise ``UsageError`` for words that mean no label, and where nothing can be left; may read lists."""
    mids = _Mids(labels, exact=selection.exact)
    groups = {label.mid: mids.of(label) for label in mids.found("--label", selection.labels)}
    all_of = {label.mid: mids.of(label) for label in mids.found("--all-of", selection.all_of)}
    none_of = [mids.of(label) for label in mids.found("--none-of", selection.none_of)]
    wanted = Wanted(
        groups=tuple(Group(mid, found) for mid, found in groups.items()),
        all_of=tuple(all_of.values()),
        none_of=frozenset().union(*none_of),
        min_duration_ms=round((selection.min_duration_s or 0) * 1000),
        only=_names(selection.ids, cache, on_progress),
        excluded=_names(selection.exclude, cache, on_progress),
    )
    _refuse_impossible(wanted, labels)
    if selection.per_label is None:
        for text in _useless(wanted, list(all_of), labels):
            tell(text)
    return wanted


class _Mids:
    """Finds labels by words, and what counts as them."""

    def __init__(self, labels: Labels, *, exact: bool) -> None:
        self._labels = labels
        self._exact = exact

    def found(self, flag: str, words: Iterable[str]) -> list[Label]:
        return [self._found(flag, text) for text in words]

    def of(self, label: Label) -> frozenset[str]:
        return frozenset({label.mid}) if self._exact else self._labels.subtree(label.mid)

    def _found(self, flag: str, text: str) -> Label:
        try:
            label = meant(text, self._labels)
        except UsageError as error:
            raise UsageError(f"{flag}: {error.what}", mend=error.mend) from error
        if self._exact and not label.is_class and not label.is_strong:
            raise UsageError(
                f"{flag}: no segment bears {label.name} itself, so with --exact nothing would be left.",
                mend="Leave --exact out to have what is below it, or choose a label there"
                f" (asyncdl labels '{label.name}').",
            )
        return label


def _names(arguments: tuple[str, ...], cache: Path, on_progress: OnProgress | None) -> KeyTable | None:
    return read_names(arguments, cache, on_progress) if arguments else None


def _refuse_impossible(wanted: Wanted, labels: Labels) -> None:
    """Tell a label of which ``--none-of`` leaves nothing."""
    for group in wanted.groups:
        if group.mids <= wanted.none_of:
            name = labels.by_mid[group.name].name
            raise UsageError(
                f"--none-of leaves nothing of --label {name}: all that counts as it is shut out."
            )
    for needed in wanted.all_of:
        if needed <= wanted.none_of:
            names = ", ".join(sorted(labels.by_mid[mid].name for mid in needed)[:3])
            raise UsageError(f"--all-of and --none-of contradict each other: both name {names}.")
    if wanted.only is not None and not len(wanted.only):
        raise UsageError("--ids: there is no id in it.")


def _useless(wanted: Wanted, all_of: list[str], labels: Labels) -> Iterable[str]:
    """Tell options that change nothing."""
    for mid, needed in zip(all_of, wanted.all_of, strict=True):
        if any(needed <= group.mids for group in wanted.groups):
            name = labels.by_mid[mid].name
            yield f"--label changes nothing here: whatever --all-of {name} leaves is among it."
            return
