"""WebDataset tars, read back by ``tarfile`` and by the library itself."""

from __future__ import annotations

from pathlib import Path

from support.exports import export_all, files_of, make_data_set


async def test_scratch(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    finish = export_all(tmp_path, "webdataset")
    assert sorted(files_of(finish.place.target)) == [
        "balanced_train/0.tar", "balanced_train/sizes.json", "eval/0.tar", "eval/sizes.json",
    ]
    again = files_of(finish.place.target)
    export_all(tmp_path, "webdataset")
    assert files_of(finish.place.target) == again
