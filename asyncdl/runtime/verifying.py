"""Re-reads stored clips, several at a time, in bounded memory; only looks, writes nothing.

A clip whose SHA-256 equals the recorded one is the very file that was decoded when it was stored. To decode
it again tells of decoders and memory chips, not of disks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.events import ClipStored
from asyncdl.core.foreign import KnownPaths
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import ClipSpec, Failure, Row
from asyncdl.core.soundness import Depth, Finding, Problem
from asyncdl.errors import AsyncdlError, EnvironmentFault, JournalFault
from asyncdl.runtime.ffmpeg import Ffmpeg
from asyncdl.runtime.inspecting import Claim, Inspector
from asyncdl.runtime.measure import Measured, measure
from asyncdl.runtime.outcomes import Outcome

DEADLINE_S = 300.0
_BATCH = {Depth.SIZE: 512, Depth.CHECKSUM: 16, Depth.DECODE: 4}
BLAMES_CLIP = frozenset({FailureKind.BAD_MEDIA, FailureKind.NO_AUDIO})
_FEW = 20

OnFindings = Callable[[Sequence[Finding]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verified:
    """How far it has come: clips looked at, and the bytes that their records speak of."""

    clips: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """How to verify. ``ffmpeg`` is needed to decode; ``jobs`` clips are read at once."""

    depth: Depth
    jobs: int
    ffmpeg: Ffmpeg | None = None
    on_progress: Callable[[Verified], None] = lambda _verified: None
    is_stopping: Callable[[], bool] = lambda: False


def claims_of(rows: Iterable[tuple[Row, Outcome | None]], spec: ClipSpec) -> Iterator[Claim]:
    """Take what ``runtime.outcomes.iterate_outcomes`` yields; pass over segments without a clip."""
    for row, outcome in rows:
        if isinstance(outcome, ClipStored):
            yield Claim(row.segment.key, outcome.round, path_of(row, spec), outcome.clip)


def noting(
    rows: Iterable[tuple[Row, Outcome | None]], known: KnownPaths, spec: ClipSpec
) -> Iterator[tuple[Row, Outcome | None]]:
    """Pass rows on and note in ``known`` which paths they and their records lead to."""
    for row, outcome in rows:
        known.add(path_of(row, spec), is_recorded=isinstance(outcome, ClipStored))
        if isinstance(outcome, ClipStored):
            for name in outcome.clip.source_files:
                known.add(name, is_recorded=True)
        yield row, outcome


def path_of(row: Row, spec: ClipSpec) -> str:
    """Path of a row's clip, relative to the data set; raises ``JournalFault`` for what no list could name."""
    try:
        return layout.clip_path(row.segment, spec.extension)
    except ValueError as error:
        raise JournalFault(f"a record names a clip that cannot be: {error}") from error


async def verify_clips(
    root: Path, spec: ClipSpec, claims: Iterator[Claim], terms: Terms, found: OnFindings
) -> Verified:
    """Look at each clip; ``found`` gets findings as they come, from several tasks, and is waited for.

    ``root`` is absolute. ``claims`` is drawn from threads, never by two at once. When ``terms.is_stopping``
    answers true, what is under way is finished and no more begun. Raises ``EnvironmentFault`` for what no
    clip is to blame for, and what ``claims`` and ``found`` raise, once the others are done.
    """
    verifier = _Verifier(root, spec, claims, terms, found)
    async with asyncio.TaskGroup() as group:
        for _ in range(terms.jobs):
            group.create_task(verifier.work())
    if verifier.fault is not None:
        raise verifier.fault
    return verifier.verified


class _Verifier:
    def __init__(
        self, root: Path, spec: ClipSpec, claims: Iterator[Claim], terms: Terms, found: OnFindings
    ) -> None:
        self._root, self._spec, self._claims, self._terms, self._found = root, spec, claims, terms, found
        self._inspector = Inspector(root, terms.depth)
        self._drawing = asyncio.Lock()
        self._decoded_whole = self._decoded_wrong = 0
        self.fault: AsyncdlError | None = None
        self.verified = Verified()

    async def work(self) -> None:
        """Verify batch after batch; the first fault of any worker ends all."""
        try:
            while batch := await self._next_batch():
                await self._verify(batch)
                self._terms.on_progress(self.verified)
        except AsyncdlError as fault:
            self.fault = self.fault or fault

    async def _next_batch(self) -> list[Claim]:
        async with self._drawing:
            if self.fault is not None or self._terms.is_stopping():
                return []
            count = _BATCH[self._terms.depth]
            return await asyncio.to_thread(lambda: list(islice(self._claims, count)))

    async def _verify(self, batch: list[Claim]) -> None:
        """Tell what was found also when a fault comes in between."""
        findings: list[Finding] = []
        done: list[Claim] = []
        try:
            await self._look(batch, findings, done)
        finally:
            size_bytes = sum(claim.clip.size_bytes for claim in done)
            self.verified = Verified(self.verified.clips + len(done), self.verified.size_bytes + size_bytes)
            if findings:
                await self._found(findings)

    async def _look(self, batch: list[Claim], findings: list[Finding], done: list[Claim]) -> None:
        if self._terms.depth is not Depth.DECODE:
            await asyncio.to_thread(self._inspect_all, batch, findings, done)
            return
        for claim in batch:
            finding = await asyncio.to_thread(self._inspector.inspect, claim)
            if finding is None or finding.problem is Problem.SOURCE_GONE:
                finding = await self._decode(claim) or finding
            findings += [finding] if finding else []
            done.append(claim)

    def _inspect_all(self, batch: list[Claim], findings: list[Finding], done: list[Claim]) -> None:
        """Use one hop to a thread for many clips: it costs more than a look at a size."""
        for claim in batch:
            finding = self._inspector.inspect(claim)
            findings += [finding] if finding else []
            done.append(claim)

    async def _decode(self, claim: Claim) -> Finding | None:
        if self._terms.ffmpeg is None:
            raise EnvironmentFault("clips cannot be decoded without ffmpeg")
        path = self._root / claim.path
        measured = await measure(path, self._terms.ffmpeg, deadline_s=DEADLINE_S)
        if isinstance(measured, Failure) and measured.kind not in BLAMES_CLIP:
            raise EnvironmentFault(
                f"{path} could not be decoded: {measured.text}",
                mend="Its bytes are the recorded ones, so the tool or the machine is at fault."
                " --checksum does without decoding.",
            )
        finding = _judge(claim, measured, self._spec)
        self._weigh(finding)
        return finding

    def _weigh(self, finding: Finding | None) -> None:
        """Blame the decoder when most of the files that are to the bit as recorded do not please it."""
        if finding is None:
            self._decoded_whole += 1
            return
        self._decoded_wrong += 1
        if self._decoded_wrong > max(_FEW, self._decoded_whole):
            raise EnvironmentFault(
                f"{self._decoded_wrong} clips are to the bit as recorded, yet decode otherwise, the last one:"
                f" {finding.path}: {finding.detail}",
                mend="This decoder differs from the one that they were stored with. Take that ffmpeg"
                " (--ffmpeg PATH), or --checksum, which does without decoding.",
            )


def _judge(claim: Claim, measured: Measured | Failure, spec: ClipSpec) -> Finding | None:
    if isinstance(measured, Failure):
        return claim.finding(Problem.DECODING, measured.text)
    clip = claim.clip
    wanted = (clip.samples, clip.sample_rate, clip.channels)
    found = (measured.samples, measured.sample_rate, measured.channels)
    if found != wanted:
        return claim.finding(Problem.SOUND, f"it has (samples, Hz, channels) {found}, not {wanted}")
    if spec.video and not measured.pictures:
        return claim.finding(Problem.DECODING, "it has no picture")
    return None
