"""A plain list for every reader, so that the reader contract can be held against each of them.

Whoever adds a reader adds its entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PlainList:
    """``head`` names the columns or says nothing, ``row`` has places for an id and a start in seconds."""

    head: bytes
    row: str

    def line(self, number: int) -> bytes:
        """Row number N, without its line feed; ids are valid and distinct."""
        start_s = number % 500
        places = {"start_s": start_s, "end_s": start_s + 10, "start_ms": start_s * 1000}
        return self.row.format(ytid=f"{number:010d}A", **places).encode()

    def lines(self, count: int) -> list[bytes]:
        return [self.line(number) for number in range(count)]

    def text(self, lines: list[bytes]) -> bytes:
        return self.head + b"".join(line + b"\n" for line in lines)

    @property
    def head_lines(self) -> int:
        return self.head.count(b"\n")


PLAIN_LISTS: Mapping[str, PlainList] = {
    "audioset_weak": PlainList(
        b"# made for a test\n# YTID, start_seconds, end_seconds, positive_labels\n",
        '{ytid}, {start_s}.000, {end_s}.000, "/m/09x0r,/t/dd00088"',
    ),
    "audioset_strong": PlainList(
        b"segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n",
        "{ytid}_{start_ms}\t2.627\t7.237\t/m/09x0r",
    ),
    "table": PlainList(
        b"audiocap_id,youtube_id,start_time,caption\n",
        '17,{ytid},{start_s},"A dog barks, twice"',
    ),
}
