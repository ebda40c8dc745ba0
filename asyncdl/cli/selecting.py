"""Options that choose among the rows of lists, for ``run`` and ``select``."""

from __future__ import annotations

from typing import Annotated

from asyncdl.cli.given.table import option
from asyncdl.core.selection import SelectionSettings

Label = Annotated[list[str] | None, option("label")]
Exact = Annotated[bool, option("exact")]
AllOf = Annotated[list[str] | None, option("all_of")]
NoneOf = Annotated[list[str] | None, option("none_of")]
PerLabel = Annotated[int | None, option("per_label")]
Replace = Annotated[bool, option("replace")]
Sample = Annotated[int | None, option("sample")]
Seed = Annotated[int | None, option("seed")]
MinDuration = Annotated[float | None, option("min_duration")]
Ids = Annotated[list[str] | None, option("ids")]
Exclude = Annotated[list[str] | None, option("exclude")]
Limit = Annotated[int | None, option("limit")]


def selection_settings(
    *,
    label: list[str] | None,
    exact: bool,
    all_of: list[str] | None,
    none_of: list[str] | None,
    per_label: int | None,
    replace: bool,
    sample: int | None,
    seed: int | None,
    min_duration: float | None,
    ids: list[str] | None,
    exclude: list[str] | None,
) -> SelectionSettings:
    """Put together what the options say."""
    return SelectionSettings(
        labels=tuple(label or ()),
        exact=exact,
        all_of=tuple(all_of or ()),
        none_of=tuple(none_of or ()),
        per_label=per_label,
        replace=replace,
        sample=sample,
        seed=seed,
        min_duration_s=min_duration,
        ids=tuple(ids or ()),
        exclude=tuple(exclude or ()),
    )
