"""Labels as trainers want them: one bit per class, in the order of the 527 official indices."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from asyncdl.labels import Label, load_labels

CLASSES = 527
CLASS_TABLE_BYTES = 16_384  # at most; every list of classes is written once an export


class Targets:
    """Turns label ids into classes. Labels that are none of the 527 have no bit."""

    def __init__(self) -> None:
        self.classes: tuple[Label, ...] = load_labels().classes
        self._labels = load_labels().by_mid
        self._index = {label.mid: index for index, label in enumerate(self.classes)}

    def of(self, mids: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Mark the classes of a clip, shape (527,)."""
        target = np.zeros(CLASSES, np.bool_)
        target[[self._index[mid] for mid in mids if mid in self._index]] = True
        return target

    def indices_of(self, mids: Iterable[str]) -> dict[str, int]:
        """Map those labels that are classes to their indices, each once, in their order."""
        return {mid: self._index[mid] for mid in mids if mid in self._index}

    def name_of(self, mid: str) -> str:
        """Name a label; one that the table does not know goes by its id."""
        label = self._labels.get(mid)
        return mid if label is None else label.name

    def names_of(self, mids: Iterable[str]) -> list[str]:
        """Name labels, in their order."""
        return [self.name_of(mid) for mid in mids]


def class_table(*, with_header: bool = True) -> bytes:
    """Write ``class_labels_indices.csv`` as AudioSet has it; some trainers want it without its header."""
    head = "index,mid,display_name\n" if with_header else ""
    rows = (f'{number},{label.mid},"{label.name}"\n' for number, label in enumerate(load_labels().classes))
    return (head + "".join(rows)).encode()
