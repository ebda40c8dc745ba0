"""Every setting of a run, once: its name in file, variable and flag, its section, form, default and meaning.

``sample_rate`` in the file's table ``[clip]`` is ``ASYNCDL_SAMPLE_RATE`` and ``--sample-rate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from asyncdl.core.layout import DEFAULT_OUT
from asyncdl.core.model import AudioFormat, Quality
from asyncdl.settings import DEFAULT_CONCURRENCY, DEFAULT_URL

FILE_NAME = "asyncdl.toml"
PREFIX = "ASYNCDL_"
SECTIONS = {
    "lists": "Which lists of segments are read.",
    "selection": "Which of their segments are wanted.",
    "clip": "What a clip is. Fixed by the first run of a data set.",
    "fetch": "How videos are fetched.",
    "way": "By which ways YouTube is asked, and how fast.",
    "run": "Where things go.",
}


class Kind(Enum):
    """What form a value has."""

    TEXT = auto()
    TEXTS = auto()
    WHOLE = auto()
    SECONDS = auto()
    SWITCH = auto()
    CHOICE = auto()
    PATH = auto()
    PATHS = auto()
    LISTS = auto()  # files, or names of known lists
    COLUMNS = auto()
    RATE = auto()
    TIME = auto()
    SIZE = auto()
    PROXIES = auto()

    @property
    def is_many(self) -> bool:
        """Whether it is a list; in a file one text stands for a list of one."""
        return self in {Kind.TEXTS, Kind.PATHS, Kind.LISTS, Kind.PROXIES}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``default`` None means that nothing is said; ``unset`` tells in words what follows.

    ``runs_programs``: it may come from no file but one that is named on purpose.
    """

    name: str
    section: str
    kind: Kind
    help: str
    default: str | int | None = None
    unset: str = ""
    metavar: str = ""
    short: str = ""
    choices: tuple[str, ...] = ()
    runs_programs: bool = False

    @property
    def flag(self) -> str:
        """Its option; that of ``sources`` is the command's argument."""
        return "SOURCE" if self.name == "sources" else f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()

    @property
    def shown_default(self) -> str:
        """The default in words, empty where there is nothing to tell."""
        return self.unset if self.default is None or self.kind is Kind.SWITCH else str(self.default)

    @property
    def long_help(self) -> str:
        """What ``--help`` says of it."""
        told = f"{self.help} Repeatable." if self.kind.is_many and self.name != "sources" else self.help
        return f"{told} [default: {self.shown_default}]" if self.shown_default else told


def _choice(name: str, text: str, choices: type[AudioFormat | Quality], default: str) -> Setting:
    return Setting(name, "clip", Kind.CHOICE, text, default, choices=tuple(map(str, choices)))


def _switch(name: str, section: str, text: str, short: str = "") -> Setting:
    return Setting(name, section, Kind.SWITCH, text, default=False, short=short)


SETTINGS = (
    Setting(
        "sources",
        "lists",
        Kind.LISTS,
        "Lists of segments: files (CSV, TSV, JSON lines, also .gz; Parquet) or eval, balanced_train, "
        "unbalanced_train, strong_train, strong_eval.",
        metavar="SOURCE...",
    ),
    Setting(
        "columns",
        "lists",
        Kind.COLUMNS,
        "Which columns of a table hold id, start, end or duration, labels, split, caption: "
        "id=youtube_id,start=start_time,duration=10.",
        metavar="NAME=COLUMN,…",
    ),
    Setting(
        "label",
        "selection",
        Kind.TEXTS,
        "Only segments with this label, or one below it: a mid, a name, or words of one.",
        metavar="LABEL",
        short="-l",
    ),
    _switch("exact", "selection", "A label means itself alone, not what is below it."),
    Setting("all_of", "selection", Kind.TEXTS, "Only segments that bear this too.", metavar="LABEL"),
    Setting("none_of", "selection", Kind.TEXTS, "No segments that bear this.", metavar="LABEL"),
    Setting(
        "per_label",
        "selection",
        Kind.WHOLE,
        "N segments of each --label, or of every label, and few more of common ones.",
        metavar="N",
    ),
    _switch("replace", "selection", "With --per-label: fetch another one for each that is gone."),
    Setting("sample", "selection", Kind.WHOLE, "N segments, drawn by lot.", metavar="N"),
    Setting("seed", "selection", Kind.WHOLE, "Draw others than with another seed.", unset="0", metavar="S"),
    Setting("min_duration", "selection", Kind.SECONDS, "No segments shorter than this.", metavar="SECONDS"),
    Setting(
        "ids",
        "selection",
        Kind.LISTS,
        "Only these: video ids or keys, one a line, or the videos of a list.",
        metavar="FILE",
    ),
    Setting("exclude", "selection", Kind.LISTS, "All but these: as --ids.", metavar="FILE"),
    Setting("limit", "selection", Kind.WHOLE, "Take the first N segments only.", metavar="N"),
    _choice("format", "Encoding of the clips.", AudioFormat, AudioFormat.FLAC),
    Setting("sample_rate", "clip", Kind.WHOLE, "Resample.", unset="the source's", metavar="HZ"),
    _switch("mono", "clip", "Mix to one channel."),
    Setting("bitrate", "clip", Kind.WHOLE, "For opus, m4a, mp3, in kbit/s.", metavar="KBIT"),
    _switch("video", "clip", "Store mp4 with picture and sound."),
    Setting("max_height", "clip", Kind.WHOLE, "With --video.", unset="360", metavar="LINES"),
    _choice("quality", "Which source format is fetched.", Quality, Quality.BEST),
    _switch("keep_source", "clip", "Keep the fetched source bytes beside each clip."),
    Setting(
        "concurrency",
        "fetch",
        Kind.WHOLE,
        "Videos in flight at once.",
        DEFAULT_CONCURRENCY,
        metavar="N",
        short="-j",
    ),
    _switch("overwrite", "fetch", "Fetch segments again that are settled."),
    Setting("yt_dlp_args", "fetch", Kind.TEXT, "Harmless options for yt-dlp.", metavar='"…"'),
    Setting(
        "unsafe_yt_dlp_args",
        "fetch",
        Kind.TEXT,
        "Any options for yt-dlp: at your own risk.",
        metavar='"…"',
        runs_programs=True,
    ),
    Setting(
        "url_template",
        "fetch",
        Kind.TEXT,
        "Another form of YouTube's addresses.",
        DEFAULT_URL,
        metavar="URL",
    ),
    Setting(
        "ffmpeg",
        "fetch",
        Kind.PATH,
        "Use this ffmpeg.",
        unset="that of the install",
        metavar="PATH",
        runs_programs=True,
    ),
    Setting(
        "proxy",
        "way",
        Kind.PROXIES,
        "Go by this proxy (http, https, socks5): an identity of its own.",
        metavar="URL",
    ),
    Setting("proxies", "way", Kind.PATH, "A file with one proxy a line.", metavar="FILE"),
    Setting("source_address", "way", Kind.TEXTS, "Go out from this address: an identity.", metavar="IP"),
    Setting(
        "cookies",
        "way",
        Kind.PATHS,
        "An account's cookie file, readable by you alone.",
        metavar="FILE",
    ),
    Setting(
        "rate",
        "way",
        Kind.RATE,
        "Ceiling of each identity: 900/h, 15/min, 0.25/s, unlimited.",
        unset="polite, at most 900/h",
        metavar="RATE",
    ),
    Setting(
        "max_wait",
        "way",
        Kind.TIME,
        "End (exit code 4) rather than stand still longer than this: 30min, 2h.",
        unset="wait",
        metavar="TIME",
    ),
    Setting("out", "run", Kind.PATH, "The data set folder.", str(DEFAULT_OUT), metavar="DIR", short="-o"),
    Setting(
        "min_free",
        "run",
        Kind.SIZE,
        "Begin no segment with less disk left: 500M, 2G.",
        "100M",
        metavar="SIZE",
    ),
    Setting("cache", "run", Kind.PATH, "Where known lists are kept.", unset="the user's", metavar="DIR"),
    Setting("log_file", "run", Kind.PATH, "Log every attempt with its reason.", metavar="FILE"),
    _switch("quiet", "run", "No dashboard, no progress; errors only.", "-q"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
# What one command does once, and a file that stands for all commands must not say.
FLAGS_ONLY = frozenset({"take_over", "dry_run", "json", "config", "recipe"})


def option(name: str, **more: Any) -> Any:  # noqa: ANN401 - as typer.Option itself
    """Make the command line's option of a setting; ``more`` goes to ``typer.Option``."""
    import typer  # noqa: PLC0415 - the table itself is only data

    setting = BY_NAME[name]
    flag = f"{setting.flag}/--no-{setting.flag[2:]}" if setting.kind is Kind.SWITCH else setting.flag
    flags = [flag, setting.short] if setting.short else [flag]
    words = {"help": setting.long_help, "metavar": setting.metavar or None, "show_default": False} | more
    return typer.Option(*flags, **words)
