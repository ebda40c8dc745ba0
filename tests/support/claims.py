"""Claims of generated clips, and what verifying finds of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncdl.core.model import ClipSpec
from asyncdl.core.soundness import Depth, Finding
from asyncdl.runtime.ffmpeg import find_ffmpeg
from asyncdl.runtime.inspecting import Claim
from asyncdl.runtime.verifying import Terms, Verified, verify_clips
from support.stored_clips import SPEC, clip_of, write_sound

NAME = "clips/eval/0ab/Clip0000000_30000_40000.flac"


async def look(
    root: Path, claims: Sequence[Claim], depth: Depth, spec: ClipSpec = SPEC, jobs: int = 2
) -> tuple[list[Finding], Verified]:
    found: list[Finding] = []

    async def on_findings(findings: Sequence[Finding]) -> None:
        found.extend(findings)

    ffmpeg = await find_ffmpeg() if depth is Depth.DECODE else None
    verified = await verify_clips(root, spec, iter(claims), Terms(depth, jobs, ffmpeg), on_findings)
    return found, verified


def recorded(root: Path, name: str = NAME, seed: int = 0) -> Claim:
    write_sound(root / name, seed)
    return Claim(Path(name).stem, 0, name, clip_of(root / name))
