"""The data card: ``README.md`` of an export, with what is there, what is missing and why, class by class.

The same data set gives the same card: its dates are those of the clips.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from asyncdl import __version__
from asyncdl.core.export import LeftOut
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec
from asyncdl.core.printable import printable
from asyncdl.exporting.contract import Exporter
from asyncdl.exporting.finishing import PassedOver
from asyncdl.exporting.foreign import date_of
from asyncdl.exporting.survey import OTHERS, SplitTally, Survey
from asyncdl.labels import load_labels
from asyncdl.runtime.files import open_plain, replace_file

NAME, OTHER_NAME = "README.md", "README.asyncdl.md"
_MARK = "<!-- asyncdl writes this file anew with each export -->"
_HEAD_BYTES = 1 << 16
_MOST_NAMED = 100
_MARKUP = re.compile(r"[\\`*_\[\]<>|!#&~$:@]")


def write_card(target: Path, chunks: Iterator[str]) -> str:
    """Write the card; somebody else's README is left alone, and ours then has another name. Answers it."""
    name = NAME if _is_ours(target / NAME) else OTHER_NAME
    replace_file(target / name, (chunk.encode() for chunk in chunks))
    return name


def card(
    exporter: Exporter,
    survey: Survey,
    ledger: Ledger,
    spec: ClipSpec,
    left_out: Mapping[str, LeftOut],
    passed_over: Mapping[tuple[str, PassedOver], int],
    cut: Mapping[str, int],
) -> Iterator[str]:
    """Yield the card, line by line; ``passed_over`` and ``cut`` as ``Finish`` has counted them."""
    absent = Counter(one.split for one in left_out.values())
    here = {name: tally.stored - absent[name] for name, tally in survey.splits.items()}
    for (split, _), count in passed_over.items():
        here[split] -= count
    if exporter.front_matter is not None:
        yield exporter.front_matter(here)
    yield f"{_MARK}\n# {sum(here.values()):,} clips: {', '.join(survey.splits)}\n\n"
    yield f"Exported as `{exporter.name}` ({exporter.summary}) by asyncdl {__version__}.\n"
    yield from _counts(survey, absent)
    yield from _passed_over(passed_over)
    for split, count in cut.items():
        yield f"\n{split}: {count} clips are longer than this format holds, and were cut at their end.\n"
    yield from _missing(survey)
    yield from _left_out(left_out)
    yield from _provenance(survey, ledger, spec)
    yield from _classes(survey)
    yield from _licence()


def _counts(survey: Survey, absent: Mapping[str, int]) -> Iterator[str]:
    yield "\n## What is here\n\n"
    yield "| split | segments | stored | share | hours | shortened | silent | left out here |\n"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|\n"
    for name, tally in survey.splits.items():
        yield (
            f"| {name} | {tally.segments} | {tally.stored} | {_share(tally.stored, tally.segments)}"
            f" | {tally.samples_s / 3600:.2f} | {tally.short} | {tally.silent} | {absent[name]} |\n"
        )
    yield (
        "\n*Shortened*: the video ends inside the segment, and silence follows. *Silent*: every sample is"
        " zero. *Left out here*: recorded, but the file is gone or does not decode any more.\n"
    )


def _passed_over(passed_over: Mapping[tuple[str, PassedOver], int]) -> Iterator[str]:
    if passed_over:
        yield "\nNot in this format, though stored and whole:\n\n"
    for (split, reason), count in passed_over.items():
        yield f"- {split}: {count} clips, since {reason}\n"


def _missing(survey: Survey) -> Iterator[str]:
    kinds = sorted({kind for tally in survey.splits.values() for kind in tally.failed})
    if not kinds and not any(tally.open for tally in survey.splits.values()):
        return
    splits = survey.splits
    yield "\n## What is missing, and why\n\n"
    yield f"| kind | meaning | {' | '.join(splits)} |\n|---|---|{'--:|' * len(splits)}\n"
    for kind in kinds:
        yield f"| {kind} | {kind.meaning} | {_row(str(tally.failed[kind]) for tally in splits.values())}\n"
    yield f"| open | not settled yet | {_row(str(tally.open) for tally in splits.values())}\n"


def _left_out(left_out: Mapping[str, LeftOut]) -> Iterator[str]:
    if not left_out:
        return
    yield "\n## Left out here\n\n`asyncdl verify` opens these again, and `asyncdl run` fetches them.\n\n"
    for number, one in enumerate(left_out.values()):
        if number == _MOST_NAMED:
            yield f"- and {len(left_out) - _MOST_NAMED} more: `left_out.csv` has all\n"
            return
        yield f"- {_code(one.path)}: {_cell(one.reason)}\n"


def _provenance(survey: Survey, ledger: Ledger, spec: ClipSpec) -> Iterator[str]:
    yield "\n## Where it comes from\n\n"
    for source in ledger.sources:
        yield f"- list {_code(source.name)}, SHA-256 {_code(source.sha256)}\n"
    yield f"- fetched from {_day(survey.first_ms)} to {_day(survey.last_ms)}\n"
    rate = "the source's rate" if spec.sample_rate is None else f"{spec.sample_rate} Hz"
    yield f"- clips as fetched: {spec.extension}, {rate}, {'mono' if spec.mono else 'channels as they are'}\n"
    yield from _most_frequent(survey.tools, "by")
    yield from _most_frequent(survey.formats, "from source format")


def _most_frequent(counts: Counter[str], whence: str) -> Iterator[str]:
    told = {text: count for text, count in counts.most_common(_MOST_NAMED) if text != OTHERS}
    for text, count in sorted(told.items()):
        yield f"- {count} clips {whence} {_cell(text)}\n"
    if rest := counts.total() - sum(told.values()):
        yield f"- {rest} clips {whence} others, or unknown ones\n"


def _classes(survey: Survey) -> Iterator[str]:
    yield "\n## Share available per class\n\nStored of wanted, by official index.\n\n"
    splits = survey.splits
    yield f"| index | mid | class | {' | '.join(splits)} |\n|--:|---|---|{'--:|' * len(splits)}\n"
    table = load_labels()
    wanted = {mid for tally in splits.values() for mid in tally.wanted_labels}
    for label in table.classes:
        if label.mid in wanted:
            shares = _row(_class_share(tally, label.mid) for tally in splits.values())
            yield f"| {label.index} | {label.mid} | {label.name} | {shares}\n"
    for mid in sorted(wanted - {label.mid for label in table.classes}):
        name = table.by_mid[mid].name if mid in table.by_mid else "" if mid != OTHERS else "all others"
        shares = _row(_class_share(tally, mid) for tally in splits.values())
        yield f"| none | {_cell(mid)} | {name} | {shares}\n"


def _licence() -> Iterator[str]:
    yield "\n## Licence\n\n"
    yield (
        "AudioSet's segments, labels and strong labels are by Google, CC BY 4.0; its ontology CC BY-SA 4.0"
        " (<https://research.google.com/audioset/>). The sound belongs to those who published it.\n"
    )


def _class_share(tally: SplitTally, mid: str) -> str:
    stored, wanted = tally.stored_labels[mid], tally.wanted_labels[mid]
    return f"{stored} of {wanted} ({_share(stored, wanted)})" if wanted else ""


def _row(cells: Iterator[str]) -> str:
    return f"{' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    return f"{part * 1000 // whole / 10:.1f} %" if whole else ""


def _day(at_ms: int | None) -> str:
    day = None if at_ms is None else date_of(at_ms)
    return "never" if day is None else day.date().isoformat()


def _cell(text: str) -> str:
    """Keep foreign text from steering a page: no markup, link, picture or further cell comes of it."""
    return _MARKUP.sub(r"\\\g<0>", printable(text))


def _code(text: str) -> str:
    """Show foreign text between backticks, where nothing else means anything."""
    return f"`{printable(text).replace('`', chr(39))}`"


def _is_ours(path: Path) -> bool:
    try:
        with open_plain(path) as file:
            return _MARK.encode() in file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return True
    except OSError:
        return False
