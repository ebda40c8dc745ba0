"""The options of ``asyncdl export``, and what they ask for together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.exporting.contract import Choice, Terms

_MOST_JOBS = 1024
_RATES = range(4000, 192001)

Format = Annotated[
    str, typer.Argument(metavar="[FORMAT]", help="What to write; without one, the formats are listed.")
]
To = Annotated[
    Path | None,
    typer.Option(
        "--to", metavar="DIR", help="Where it goes. [default: exports/FORMAT in the data set folder]"
    ),
]
Split = Annotated[
    list[str] | None, typer.Option("--split", metavar="NAME", help="Only this split. Repeatable.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be written and the disk it takes; write nothing.")
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=_MOST_JOBS, metavar="N", help="Worker processes. [default: the cores]"),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, metavar="N", help="Shuffle the clips by this seed. [default: the format's own]"
    ),
]
MaxShardSize = Annotated[
    str | None,
    typer.Option("--max-shard-size", metavar="SIZE", help="No shard file grows larger (500M, 2G)."),
]
Root = Annotated[
    str,
    typer.Option(
        "--root", metavar="DIR", help="The folder as which the export will be found, for absolute paths."
    ),
]
Like = Annotated[str, typer.Option("--like", metavar="TOOL", help="layout: whose files to lay out.")]
By = Annotated[
    str, typer.Option("--by", metavar="WAY", help="layout: by hardlink, symlink or copy. [default: hardlink]")
]
Fast = Annotated[
    bool, typer.Option("--fast", help="cochleagram: four times as fast, within 0.01 % (relative L2).")
]
Compat = Annotated[
    bool, typer.Option("--compat", help="To the letter what the older tool wrote, oddities included.")
]
Shar = Annotated[bool, typer.Option("--shar", help="lhotse: Shar, with the sound in tars.")]
Wav = Annotated[
    int | None,
    typer.Option("--wav", metavar="HZ", help="Write 16-bit mono WAV files at this rate, and point at those."),
]
FromFile = Annotated[
    Path | None,
    typer.Option("--source", metavar="FILE", help="cochleagram: from an HDF5 file and not from clips."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, for one format."""

    split: list[str] | None
    seed: int | None
    max_shard_size: str | None
    root: str
    like: str
    by: str
    fast: bool
    compat: bool
    shar: bool
    wav: int | None
    source: Path | None

    def terms(self, name: str) -> Terms:
        """Check all of it; raises ``UsageError``."""
        from asyncdl.exporting.contract import Linking, Terms  # noqa: PLC0415 - on use

        _refuse_idle(name, self._given())
        if self.source is not None:
            self._refuse_beside_source()
        return Terms(
            splits=tuple(dict.fromkeys(self.split or ())),
            seed=self.seed,
            max_shard_bytes=_size(self.max_shard_size),
            root=_absolute(self.root),
            like=self.like,
            by=Linking(_one_of("--by", self.by, [*Linking])) if self.by else Linking.HARDLINK,
            fast=self.fast,
            compat=self.compat,
            shar=self.shar,
            wav=_rate(self.wav),
            source=str(self.source.absolute()) if self.source else "",
        )

    def _given(self) -> list[Choice]:
        from asyncdl.exporting.contract import Choice  # noqa: PLC0415 - on use

        given = {
            Choice.SEED: self.seed is not None,
            Choice.MAX_SHARD_SIZE: self.max_shard_size is not None,
            Choice.ROOT: bool(self.root),
            Choice.LIKE: bool(self.like),
            Choice.BY: bool(self.by),
            Choice.FAST: self.fast,
            Choice.COMPAT: self.compat,
            Choice.SHAR: self.shar,
            Choice.WAV: self.wav is not None,
            Choice.SOURCE: self.source is not None,
        }
        return [choice for choice, is_given in given.items() if is_given]

    def _refuse_beside_source(self) -> None:
        """Raise ``UsageError`` for what a file of rows has decided already."""
        decided = {"--split": self.split, "--seed": self.seed is not None, "--compat": self.compat}
        for flag, is_given in decided.items():
            if is_given:
                raise UsageError(
                    f"{flag} has no meaning with --source: the file's rows are taken as they are.",
                    mend="Leave it out, or give it to the export that makes the file.",
                )


def _refuse_idle(name: str, given: list[Choice]) -> None:
    """Raise ``UsageError`` for an option that the format has no use for."""
    from asyncdl.exporters import exporter_names, load_exporter  # noqa: PLC0415 - on use

    taken = load_exporter(name).takes
    for choice in given:
        if choice not in taken:
            able = [other for other in exporter_names() if choice in load_exporter(other).takes]
            raise UsageError(
                f"{choice} means nothing to export {name}.", mend=f"It is for {', '.join(able)}."
            )


def _size(text: str | None) -> int | None:
    from asyncdl.cli.way import size_bytes  # noqa: PLC0415 - on use

    mend = "Write 500M or 2G."
    size = None if text is None else size_bytes(text, "--max-shard-size", mend)
    if size == 0:
        raise UsageError("--max-shard-size: no shard fits into nothing.", mend=mend)
    return size


def _rate(wav: int | None) -> int | None:
    if wav is not None and wav not in _RATES:
        raise UsageError(f"--wav {wav} is no sample rate.", mend=f"Give {_RATES[0]} to {_RATES[-1]} Hz.")
    return wav


def _absolute(root: str) -> str:
    if root and not Path(root).is_absolute():
        raise UsageError(f"--root {root} is no absolute path.", mend="Readers find absolute paths there.")
    return root


def _one_of(flag: str, text: str, choices: list[str]) -> str:
    if text not in choices:
        raise UsageError(f"{flag} {text!r} is none of {', '.join(choices)}.", mend="Give one of them.")
    return text
