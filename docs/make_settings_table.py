# ruff: noqa: INP001, E501 - a program run by hand, not a package; a paragraph of Markdown is one line
"""Write docs/settings.md: what every setting is called and means, out of the program's own table.

python docs/make_settings_table.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asyncdl.cli.given.table import SECTIONS, SETTINGS, Kind, Setting

PAGE = Path(__file__).with_name("settings.md")
_INTRO = """# Settings

Written by `docs/make_settings_table.py` from the table that the program itself uses; a test sees to it that this page is current.

Every setting has one name in three forms: the flag `--sample-rate`, the variable `ASYNCDL_SAMPLE_RATE`, and the key `sample_rate` in a table of `asyncdl.toml`. Flags win over variables, variables over the recipe, the recipe over the rest of the file, the file over the defaults. A list that is given replaces the whole list below it.

```
asyncdl init                     # writes a commented asyncdl.toml
asyncdl config                   # every value, and who says it
asyncdl run --recipe dogs -j 16  # a recipe, and a flag on top
```

**The file** is `asyncdl.toml` in the folder where asyncdl is started (no other folder is searched), or the one given by `--config FILE`; `--config /dev/null` stands for none. It counts for `run`, `select`, `retry-failed`, `status`, `verify`, `export`, `journal`, `doctor` and `config`, each taking what it knows; `select` does not take `out`, nor `export` the seed of a selection. Relative paths count from the file's folder, `~` is the home folder.

```toml
[clip]
format = "flac"
sample_rate = 16000

[recipes.dogs]
sources = ["balanced_train", "eval"]
label = ["Dog"]
none_of = ["Speech"]
per_label = 500
out = "dogs"
```

**A recipe**, `[recipes.NAME]`, takes any setting, without tables inside.

**Mistakes** (unknown names, wrong types, values that cannot be read) in the file and in variables are told all together, with line, key and the nearest right name; nothing is begun then (exit code 2). A mistake that shows later, such as a rate out of range, names the key that said it.

**An empty text** (`""`) says nothing: in a recipe it puts the default back in place of what the file says, an empty variable counts as unset. A switch is taken back by its opposite: `--no-mono`.

**Variables** hold what a flag holds; a switch is `1` or `0`. Several values are divided by `;` (`ASYNCDL_LABEL="Dog;Child speech, kid speaking"`), proxies and addresses by blanks. Other variables that begin with `ASYNCDL_` are passed over unless one is nearly the name of a setting. Programs that asyncdl starts inherit none of them.

**What a data set's first run fixed** (the table `[clip]` but `keep_source`) stays: a value from the file counts as asked for, so another one than the stored ends with exit code 2, and a file that leaves it out goes on with the stored one. `retry-failed` likewise: what the file says goes before the options of the data set's last run.

**Secrets.** `asyncdl config` shows logins of proxies, tokens in yt-dlp's options and all of `unsafe_yt_dlp_args` as `***`, and of cookies the file's name only. Passwords of proxies are better kept in a file of their own (`proxies`) that only you can read.

**Programs.** A folder may come from a stranger. So `ffmpeg` and `unsafe_yt_dlp_args` are refused in a file that merely lies there; they count in a file given by `--config`, as variables and as flags. `--take-over`, `--dry-run` and `--json` are flags only.

**YAML** of the older tools (`labels`, `labels_id_dict`, `destination_dir`, `num_threads`, `csv_dataset`, `fs`) given as `--config x.yaml` is answered with the same in TOML; it is not used.

`asyncdl config --json`: `{"file", "recipe", "settings": {name: {"value", "from", "where"}}}`; `from` is `default`, `file`, `variable` or `flag`, `where` names the key, variable or flag, and is null for defaults. `value` is null (or `[]`) where nothing is said.
"""
_FORMS = {
    Kind.TEXT: "text",
    Kind.TEXTS: "texts",
    Kind.WHOLE: "whole number",
    Kind.SECONDS: "number",
    Kind.SWITCH: "true, false",
    Kind.PATH: "path",
    Kind.PATHS: "paths",
    Kind.LISTS: "paths or known names",
    Kind.COLUMNS: "text",
    Kind.RATE: "rate",
    Kind.TIME: "time, or seconds",
    Kind.SIZE: "size, or bytes",
    Kind.PROXIES: "addresses",
}


def page() -> str:
    """Make the whole text of the page."""
    return "\n".join((_INTRO, *(line for section in SECTIONS for line in _section(section))))


def _section(section: str) -> Iterator[str]:
    yield f"## `[{section}]`\n\n{SECTIONS[section]}\n"
    yield "| key | flag | form | default | meaning |\n|---|---|---|---|---|"
    yield from (_row(setting) for setting in SETTINGS if setting.section == section)
    yield ""


def _row(setting: Setting) -> str:
    form = ", ".join(f"`{one}`" for one in setting.choices) or _FORMS[setting.kind]
    usual = (
        "no"
        if setting.kind is Kind.SWITCH
        else setting.unset or (f"`{setting.default}`" if setting.default else "")
    )
    return f"| `{setting.name}` | `{setting.flag}` | {form} | {usual} | {setting.help} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
