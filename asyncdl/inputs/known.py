"""AudioSet's own lists by name: where they lie and how the known copy looks."""

from __future__ import annotations

from dataclasses import dataclass

BASE_URL = "https://storage.googleapis.com/us_audioset/youtube_corpus/"


@dataclass(frozen=True, slots=True)
class KnownList:
    """A public list; size and sum are those of the copy of 2017: they recognise it, they refuse no other.

    ``rows`` counts segments. Where ``sha256`` is empty no copy is known, and the size is a guess.
    """

    name: str
    path: str
    rows: int
    size_bytes: int
    sha256: str
    reader: str = "audioset_weak"

    @property
    def file_name(self) -> str:
        """Its name in the cache."""
        return self.path.rpartition("/")[2]


KNOWN = {
    known.name: known
    for known in (
        KnownList(
            "eval",
            "v1/csv/eval_segments.csv",
            20_371,
            1_143_389,
            "f7055f53935f70e74e39494a5c8c4c78f1700fce275028bd36e31186f33d45db",
        ),
        KnownList(
            "balanced_train",
            "v1/csv/balanced_train_segments.csv",
            22_160,
            1_211_931,
            "3b83e5ff9ed72cfda37d4e36ce08250e107c1ea70f109f6ab6668ac200db5e94",
        ),
        KnownList(
            "unbalanced_train",
            "v1/csv/unbalanced_train_segments.csv",
            2_041_789,
            101_468_408,
            "bb2dfd5e4f1ced39db9480633c510f813d7899f4b7472aa83a411b4a43a12698",
        ),
        KnownList(
            "strong_train", "strong/audioset_train_strong.tsv", 103_463, 42_000_000, "", "audioset_strong"
        ),
        KnownList("strong_eval", "strong/audioset_eval_strong.tsv", 16_996, 6_300_000, "", "audioset_strong"),
    )
}
