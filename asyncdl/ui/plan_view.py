"""The plan of a run in a few lines, and as an object for scripts."""

from __future__ import annotations

import math

from rich.console import Group
from rich.text import Text

from asyncdl.core.finding import Level
from asyncdl.core.plan import GUEST_VIDEOS_PER_H, Advice, Plan
from asyncdl.ui.wording import duration_text, size_text

_STYLES = {Level.FAULT: "bold red", Level.WARNING: "yellow"}
_MORE_WAYS = "more addresses (--proxies, --source-address), patience, or fewer segments (--limit)"
_SLOWER = f"no or a lower --rate; {_MORE_WAYS}"
_LESS_DISK = "more space, another place (--out), a smaller --format, or fewer segments (--limit)"


def plan_view(plan: Plan) -> Group:
    """Make two to eight lines for people; print them with ``soft_wrap=True`` where there is no terminal."""
    lines = [Text("Plan", style="bold"), _pair("to do", _to_do(plan))]
    if plan.work.to_do:
        lines += [_pair("disk", _disk(plan)), _pair("time", _time(plan))]
    for advice in plan.advice:
        lines.append(Text(f"  {advice_text(advice, plan)}", style=_STYLES.get(advice.level, "default")))
        lines.append(_pair("", f"what would help: {advice_mend(advice)}"))
    return Group(*lines)


def plan_object(plan: Plan) -> dict[str, object]:
    """Make the object of ``--dry-run --json``; its keys are a promise to scripts."""
    allowed_per_h = plan.means.allowed_per_h
    return {
        "to_do": plan.work.to_do,
        "is_about": plan.work.is_about,
        "settled": plan.work.settled,
        "clip_bytes": plan.clip_bytes,
        "needed_bytes": plan.needed_bytes,
        "free_bytes": plan.free_bytes,
        "fits": plan.fits,
        "time_s": round(plan.time_s),
        "identities": plan.means.identities,
        "allowed_per_h": None if allowed_per_h is None or math.isinf(allowed_per_h) else allowed_per_h,
        "concurrency": plan.means.concurrency,
        "advice": [
            {
                "code": advice.value,
                "level": advice.level.value,
                "what": advice_text(advice, plan),
                "mend": advice_mend(advice),
            }
            for advice in plan.advice
        ],
    }


def advice_text(advice: Advice, plan: Plan) -> str:
    """Say what stands in the way, in one sentence."""
    match advice:
        case Advice.DISK_TOO_SMALL:
            return f"The disk will not hold it: {size_text(plan.needed_bytes - plan.free_bytes)} are missing."
        case Advice.DISK_TIGHT:
            return "The disk will be nearly full."
        case Advice.LONG_FOR_ONE:
            return f"This is long for one identity; YouTube is known to allow {_limit(plan)}."
        case Advice.ABOVE_LIMIT:
            least = f"Expect pauses, and {duration_text(plan.least_s)} at least."
            return f"This is faster than YouTube is known to allow: {_limit(plan)}. {least}"


def advice_mend(advice: Advice) -> str:
    """Say what would help."""
    mends = {Advice.LONG_FOR_ONE: _MORE_WAYS, Advice.ABOVE_LIMIT: _SLOWER}
    return mends.get(advice, _LESS_DISK)


def _limit(plan: Plan) -> str:
    limit = f"about {plan.means.limit_per_h:,} requests an hour"
    if not plan.means.is_guest:
        return f"{limit} for an account, which it may also block for good"
    return f"{limit} for a guest (about {GUEST_VIDEOS_PER_H} videos with yt-dlp's own defaults)"


def _to_do(plan: Plan) -> str:
    work = plan.work
    settled = f", {work.settled:,} settled already" if work.settled else ""
    if not work.to_do:
        return f"nothing{settled}"
    return f"{'about ' if work.is_about else ''}{_count(work.to_do, 'segment')}{settled}"


def _disk(plan: Plan) -> str:
    return (
        f"about {size_text(plan.needed_bytes)} if all of them are still there"
        f" ({size_text(plan.clip_bytes)} a clip), {size_text(plan.free_bytes)} free"
    )


def _time(plan: Plan) -> str:
    means = plan.means
    at_a_time = f"{means.concurrency:,} at a time"
    if means.allowed_per_h is None or math.isinf(means.allowed_per_h):
        return f"{duration_text(plan.time_s)} with {at_a_time} and no bound on requests"
    identities = "one identity" if means.identities == 1 else f"each of {means.identities:,} identities"
    return (
        f"{duration_text(plan.time_s)} with {at_a_time}"
        f" and up to {means.allowed_per_h:,.0f} requests an hour of {identities}"
    )


def _pair(name: str, text: str) -> Text:
    return Text.assemble("  ", (f"{name:<5}", "cyan"), f"  {text}")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
