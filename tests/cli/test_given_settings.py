"""Settings out of a file, variables and flags: which one counts, and that all mistakes are told together."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.core import TyperGroup, TyperOption

from asyncdl.cli.commands import make_app
from asyncdl.cli.given.gather import Origin, gather
from asyncdl.cli.given.old_yaml import answer_yaml
from asyncdl.cli.given.reading import Mistake, read_toml, read_variable
from asyncdl.cli.given.table import BY_NAME, SECTIONS, SETTINGS, Kind, Setting
from asyncdl.cli.given.toml_file import lines_of
from asyncdl.errors import UsageError
from asyncdl.runtime.ffmpeg import child_env
from support.bench import Ended

Command = Callable[..., Ended]
GROUP = typer.main.get_command(make_app())
assert isinstance(GROUP, TyperGroup)
NOT_SETTINGS = {"take_over", "dry_run", "json", "config", "recipe", "help"}
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers() | st.text())
)
# Whole numbers that any of the three forms can say.
NUMBERS = sorted(one.name for one in SETTINGS if one.kind is Kind.WHOLE)


def write(here: Path, text: str, name: str = "asyncdl.toml") -> str:
    (here / name).write_text(text)
    return name


def shown(command: Command, *arguments: str) -> dict[str, Any]:
    ended = command("config", "--json", *arguments)
    assert ended.code == 0, ended.stderr
    found: dict[str, Any] = ended.json()["settings"]
    return found


@pytest.mark.parametrize("name", BY_NAME)
def test_each_setting_is_an_option_of_run_with_the_words_of_the_table(name: str) -> None:
    assert isinstance(GROUP, TyperGroup)
    options = {
        str(one.opts[0]).removeprefix("--").replace("-", "_"): one for one in GROUP.commands["run"].params
    }
    option, setting = options[name], BY_NAME[name]
    assert isinstance(option, TyperOption) or name == "sources"
    assert (getattr(option, "help", "") or "").startswith(setting.help)
    assert setting.section in SECTIONS
    is_switch = bool(getattr(option, "is_flag", False))
    assert is_switch == (setting.kind is Kind.SWITCH)
    assert (option.nargs == -1 or bool(getattr(option, "multiple", False))) == setting.kind.is_many


def test_run_has_no_option_that_is_no_setting_but_what_is_said_to_one_command() -> None:
    assert isinstance(GROUP, TyperGroup)
    names = {str(one.opts[0]).removeprefix("--").replace("-", "_") for one in GROUP.commands["run"].params}
    assert names - BY_NAME.keys() <= NOT_SETTINGS


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    in_file=st.sets(st.sampled_from(NUMBERS)),
    in_recipe=st.sets(st.sampled_from(NUMBERS)),
    in_variables=st.sets(st.sampled_from(NUMBERS)),
    in_flags=st.sets(st.sampled_from(NUMBERS)),
)
def test_a_flag_wins_over_a_variable_over_the_recipe_over_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
    in_file: set[str],
    in_recipe: set[str],
    in_variables: set[str],
    in_flags: set[str],
) -> None:
    by_section = "\n".join(
        "\n".join([f"[{section}]", *(f"{n} = 1" for n in sorted(in_file) if BY_NAME[n].section == section)])
        for section in SECTIONS
    )
    recipe = "\n".join(["[recipes.r]", *(f"{name} = 2" for name in sorted(in_recipe))])
    environ = {BY_NAME[name].variable: "3" for name in in_variables}
    flags = [word for name in sorted(in_flags) for word in (BY_NAME[name].flag, "4")]
    with chdir(tmp_path_factory.mktemp("here")), pytest.MonkeyPatch.context() as patch:
        Path("asyncdl.toml").write_text(f"{by_section}\n{recipe}")
        for variable, text in environ.items():
            patch.setenv(variable, text)
        with pytest.raises(SystemExit):
            make_app("config")(["config", "--json", "--recipe", "r", *flags], prog_name="asyncdl")
    told = json.loads(capfd.readouterr().out)["settings"]
    for name in NUMBERS:
        says = (
            (in_flags, 4, "flag"),
            (in_variables, 3, "variable"),
            (in_recipe, 2, "file"),
            (in_file, 1, "file"),
        )
        expected = next(((value, who) for names, value, who in says if name in names), None)
        assert (told[name]["value"], told[name]["from"]) == (expected or (BY_NAME[name].default, "default"))


def test_all_mistakes_of_file_and_variables_are_told_together_with_their_lines(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        here,
        'out = "x"\n[clip]\nsample-rate = 16000\nmono = "yes"\nformat = "flak"\n[lists]\nsources = [\n'
        '  "a.csv",\n  3,\n]\nsampel = 2\n[way]\nrate = "fast"\nproxy = "http://user:S3CRET@host"\n[clips]\n'
        "[fetch]\ntake_over = true\n[recipes.dogs]\nper_labell = 3\n[recipes]\ncats = 3\n",
    )
    monkeypatch.setenv("ASYNCDL_SAMPLERATE", "1")
    monkeypatch.setenv("ASYNCDL_CONCURRENCY", "many")
    ended = command("run", "a.csv")
    assert (ended.code, ended.stdout) == (2, "")
    expected = (
        "asyncdl.toml:1: out belongs into [run]",
        "asyncdl.toml:3: clip.sample-rate is no setting; did you mean sample_rate?",
        "asyncdl.toml:4: clip.mono wants true or false, this is a text",
        "asyncdl.toml:5: clip.format is one of flac, wav, opus, m4a, mp3; did you mean flac?",
        "asyncdl.toml:7: lists.sources wants a list of texts",
        "asyncdl.toml:11: lists.sampel is no setting; did you mean sample in [selection]?",
        "asyncdl.toml:13: way.rate 'fast' is no rate",
        "asyncdl.toml:14: way.proxy has no port",
        "asyncdl.toml:15: clips is no table of settings; did you mean [clip]?",
        "asyncdl.toml:17: fetch.take_over is said to one command only: --take-over",
        "asyncdl.toml:19: recipes.dogs.per_labell is no setting; did you mean per_label?",
        "asyncdl.toml:21: recipes.cats is a table",
        "ASYNCDL_SAMPLERATE is no setting; did you mean ASYNCDL_SAMPLE_RATE?",
        "ASYNCDL_CONCURRENCY wants a whole number",
    )
    told = ended.stderr.removeprefix("asyncdl: ").splitlines()
    assert [line[: len(text)] for line, text in zip(told, expected, strict=True)] == list(expected)
    assert "S3CRET" not in ended.stderr


@pytest.mark.parametrize("text", ["[clip\n", "a = 1\na = 2", "x = \xff", "[" * 5000])
def test_what_is_no_toml_is_told_with_its_name(command: Command, here: Path, text: str) -> None:
    (here / "asyncdl.toml").write_bytes(text.encode("latin-1"))
    ended = command("run", "a.csv")
    assert ended.code == 2
    assert "asyncdl.toml is no TOML" in ended.stderr


def test_a_pipe_of_that_name_holds_nobody_up(command: Command, here: Path) -> None:
    os.mkfifo(here / "asyncdl.toml")
    assert "no plain file" in command("status").stderr


def test_a_key_in_a_text_of_several_lines_is_not_taken_for_a_key() -> None:
    text = 'a = """\nb = 1\n"""\n[t]\n# b\nb = [\n 1,\n]\n'
    assert lines_of(text) == {("a",): 1, ("t",): 4, ("t", "b"): 6}


def test_a_mistake_in_what_a_file_says_names_the_key(command: Command, here: Path) -> None:
    write(here, "[clip]\nsample_rate = 1\n")
    ended = command("run", "a.csv", "--limit", "0")
    lines = ended.stderr.splitlines()
    assert "asyncdl.toml: clip.sample_rate" in lines[0]
    assert lines[1] == "--limit: 0 is no number of segments."


def test_another_round_hears_the_file_too(command: Command, here: Path) -> None:
    (here / "audioset" / "journal").mkdir(parents=True)
    write(here, "[fetch]\nconcurrency = 0\n")
    ended = command("retry-failed")
    assert (ended.code, "asyncdl.toml: fetch.concurrency" in ended.stderr) == (2, True)


def test_no_switch_of_a_flag_takes_back_what_the_file_says(command: Command, here: Path) -> None:
    write(here, "[clip]\nmono = true\n")
    assert shown(command)["mono"] == {"value": True, "from": "file", "where": "asyncdl.toml: clip.mono"}
    assert shown(command, "--no-mono")["mono"] == {"value": False, "from": "flag", "where": "--mono"}


def test_an_empty_text_puts_the_default_back(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        here, '[clip]\nsample_rate = 16000\nformat = "opus"\n[recipes.plain]\nsample_rate = ""\nformat = ""\n'
    )
    monkeypatch.setenv("ASYNCDL_FORMAT", "")
    told = shown(command, "--recipe", "plain")
    assert (told["sample_rate"]["from"], told["format"]["from"]) == ("default", "default")
    assert shown(command)["format"]["value"] == "opus"


def test_a_variable_goes_through_the_same_checks_as_the_file(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here, '[way]\nproxy = ["http://h:1"]\n')
    monkeypatch.setenv("ASYNCDL_PROXY", " ")
    monkeypatch.setenv("ASYNCDL_FFMPEG", "~/ffmpeg")
    assert shown(command)["proxy"]["value"] == ["http://h:1"]  # a blank says nothing
    (here / "a.csv").write_text("abcdefghijk, 0, 10\n")
    assert f"{Path.home()}/ffmpeg" in command("run", "a.csv").stderr


def test_paths_count_from_the_files_folder_and_known_names_stay(command: Command, here: Path) -> None:
    (here / "sub").mkdir()
    write(
        here,
        '[lists]\nsources = ["rows.csv", "eval", "/abs.csv"]\n[selection]\nexclude = "gone.txt"\n'
        '[run]\nout = "set"\nlog_file = "~/log"\n[fetch]\nffmpeg = "bin/ffmpeg"\n',
        "sub/mine.toml",
    )
    told = {name: one["value"] for name, one in shown(command, "--config", "sub/mine.toml").items()}
    assert told["sources"] == ["sub/rows.csv", "eval", "/abs.csv"]
    assert (told["exclude"], told["out"], told["ffmpeg"]) == (["sub/gone.txt"], "sub/set", "sub/bin/ffmpeg")
    assert told["log_file"] == str(Path.home() / "log")


@pytest.mark.parametrize("name", [one.name for one in SETTINGS if one.runs_programs])
def test_a_file_that_only_lies_there_names_no_program(command: Command, here: Path, name: str) -> None:
    """A folder may come from a stranger."""
    write(here, f'[fetch]\n{name} = "./evil"\n')
    ended = command("run", "a.csv")
    assert ended.code == 2
    assert f"fetch.{name} names what is run as a program" in ended.stderr
    assert shown(command, "--config", "asyncdl.toml")[name]["from"] == "file"


def test_no_secret_is_shown(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "cookies.txt").write_text("S3CRET")
    write(
        here,
        '[way]\nproxy = ["http://S3CRET:S3CRET@h:1"]\ncookies = "cookies.txt"\n'
        '[fetch]\nunsafe_yt_dlp_args = "--x S3CRET"\n[lists]\nsources = ["https://S3CRET@host/x.csv"]\n',
        "mine.toml",
    )
    monkeypatch.setenv("ASYNCDL_YT_DLP_ARGS", "--extractor-args youtube:po_token=S3CRET")
    for arguments in ([], ["--json"], ["--proxy", "socks5://S3CRET:S3CRET@h:2"], ["--proxy", "S3CRET"]):
        ended = command("config", "--config", "mine.toml", *arguments)
        assert ended.code == 0, ended.stderr
        assert "S3CRET" not in ended.stdout + ended.stderr
        assert "***" in ended.stdout


def test_config_tells_each_value_with_its_origin_on_a_line(command: Command, here: Path) -> None:
    write(here, "[clip]\nsample_rate = 16000\n[recipes.dogs]\nlabel = 'Dog'\n")
    told = command("config", "--recipe", "dogs", "-j", "3").stdout
    lines = {words[0]: words[1:] for line in told.splitlines() if (words := line.split())}
    assert lines["sample_rate"] == ["16000", "asyncdl.toml:", "clip.sample_rate"]
    assert lines["label"] == ["Dog", "asyncdl.toml:", "recipes.dogs.label"]
    assert lines["concurrency"] == ["3", "--concurrency"]
    assert lines["format"] == ["flac", "default"]
    assert told.startswith("asyncdl.toml, recipe dogs\n")
    assert lines.keys() >= BY_NAME.keys()


def test_an_unknown_recipe_is_answered_with_the_nearest(command: Command, here: Path) -> None:
    write(here, "[recipes.dogs]\n[recipes.cats]\n")
    assert "Did you mean dogs?" in command("run", "--recipe", "dog").stderr
    assert "It has: dogs, cats." in command("config", "--recipe", "xyz").stderr
    (here / "asyncdl.toml").unlink()
    ended = command("run", "--recipe", "dogs")
    assert (ended.code, "no asyncdl.toml here" in ended.stderr) == (2, True)


def test_a_named_file_stands_for_the_one_that_lies_here(command: Command, here: Path) -> None:
    write(here, "[clip\n")
    assert (
        shown(command, "--config", write(here, "[clip]\nbitrate = 64\n", "b.toml"))["bitrate"]["value"] == 64
    )
    assert shown(command, "--config", "/dev/null")["bitrate"]["value"] is None
    assert "cannot be read" in command("config", "--config", "none.toml").stderr


def test_help_needs_no_sound_file(command: Command, here: Path) -> None:
    write(here, "[clip\n")
    assert command("run", "--help").code == 0
    assert command("init", "--force").code == 0


def test_status_looks_where_the_file_says(command: Command, here: Path) -> None:
    (here / "one" / "journal").mkdir(parents=True)
    (here / "two" / "journal").mkdir(parents=True)
    write(here, "[run]\nout = 'two'\n")
    assert command("status").code == 0
    assert command("journal", "check").code == 0
    assert command("status", "--out", "three").code == 2


def test_the_list_that_select_writes_is_no_data_set(command: Command, here: Path) -> None:
    write(here, "[run]\nout = 'set'\n[lists]\nsources = 'rows.csv'\n")
    (here / "rows.csv").write_text('# h\naaaaaaaaaaa, 0.000, 10.000, "/m/09x0r"\n')
    assert "a list needs a name" in command("select").stderr
    assert command("select", "-o", "some.csv").code == 0
    assert (here / "some.csv").is_file()


def test_init_writes_what_parses_and_says_nothing(command: Command, here: Path) -> None:
    before = shown(command)
    assert command("init").code == 0
    text = (here / "asyncdl.toml").read_text()
    assert set(tomllib.loads(text)) == set(SECTIONS)
    assert shown(command) == before
    assert max(map(len, text.splitlines())) <= 110


def test_all_that_init_writes_is_the_default_when_it_is_said(command: Command, here: Path) -> None:
    before = shown(command)
    command("init")
    text = (here / "asyncdl.toml").read_text().replace("\n# ", "\n").replace("\n#   ", "\n# ")
    said = "\n".join(
        line for line in text.splitlines() if line.startswith(("[", *(f"{n} =" for n in BY_NAME)))
    )
    tables = tomllib.loads(said)
    for setting in SETTINGS:
        assert setting.name in tables[setting.section]
    tables.pop("recipes")
    write(here, said[: said.index("[recipes")], "all.toml")
    told = shown(command, "--config", "all.toml")
    assert {name: one["value"] for name, one in told.items()} == {
        name: one["value"] for name, one in before.items()
    }


def test_init_overwrites_nothing_unless_it_is_told_to(command: Command, here: Path) -> None:
    write(here, "mine")
    assert command("init").code == 2
    assert (here / "asyncdl.toml").read_text() == "mine"
    assert command("init", "--force").code == 0
    assert (here / "asyncdl.toml").read_text() != "mine"


def test_a_yaml_file_of_an_older_tool_is_answered_with_the_toml(command: Command, here: Path) -> None:
    write(
        here,
        "# mine\nlabels: ['Dog', Child speech]  # two\nlabels_id_dict:\n  Dog: ['/m/0bt9lf', '/m/0k4j']\n"
        '  Child speech:\n    - "/m/0ytgt"\n  Other: [/m/1]\ndestination_dir: ./data\neval_rate: 0.2\n'
        'num_threads: 8\ncsv_dataset: "a.csv"\nfs: 16000\n',
        "old.yaml",
    )
    ended = command("run", "--config", "old.yaml")
    assert ended.code == 2
    head, _, snippet = ended.stderr.partition("\n\n")
    assert "old.yaml is YAML" in head
    assert tomllib.loads(snippet) == {
        "lists": {"sources": ["a.csv"]},
        "selection": {"label": ["/m/0bt9lf", "/m/0ytgt"]},
        "clip": {"sample_rate": 16000},
        "fetch": {"concurrency": 8},
        "run": {"out": "./data"},
    }
    assert "# eval_rate: no setting of asyncdl" in snippet
    (here / "asyncdl.toml").write_text(snippet)
    assert shown(command)["concurrency"]["value"] == 8


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("labels: -[]'\"\n#ab,{}&*!fs1"), max_size=80))
def test_any_yaml_gives_toml_that_parses(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"labels: [a]\nlabels_id_dict:\n{text}")
    tomllib.loads(answer_yaml(path).mend.partition("\n\n")[2] or "asyncdl = 1")


@given(st.sampled_from(SETTINGS), ANYTHING)
def test_a_value_of_any_type_is_read_or_refused(setting: Setting, raw: object) -> None:
    read = read_toml(setting, raw)
    assert isinstance(read, Mistake | str | int | float | list)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("label", "Bow-wow; Child speech, kid speaking", ["Bow-wow", "Child speech, kid speaking"]),
        ("proxy", "http://a:1 http://b:2", ["http://a:1", "http://b:2"]),
        ("mono", "1", True),
        ("quiet", "off", False),
        ("min_duration", "2.5", 2.5),
        ("max_wait", "30min", "30min"),
    ],
)
def test_a_variable_says_what_a_flag_says(name: str, text: str, value: object) -> None:
    assert read_variable(BY_NAME[name], text) == value


def test_other_programs_variables_are_passed_over() -> None:
    foreign = {"ASYNCDL_TEST_DATA": "1", "ASYNCDL_TEST_CACHE": "1", "ASYNCDL_RUN_ID": "1.2", "PROXY": "x"}
    assert gather("/dev/null", None, foreign).said == {}
    with pytest.raises(UsageError, match="said to one command"):
        gather("/dev/null", None, {"ASYNCDL_CONFIG": "x"})
    one = gather("/dev/null", None, {"ASYNCDL_RATE": "1/s"}).said["rate"]
    assert (one.value, one.origin) == ("1/s", Origin.VARIABLE)


def test_children_inherit_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in SETTINGS:
        monkeypatch.setenv(setting.variable, "x")
    assert not {setting.variable for setting in SETTINGS} & child_env("1.2").keys()


@pytest.mark.parametrize(
    ("flow", "line"),
    [
        ("{Dog: /m/0bt9lr}", 'label = ["/m/0bt9lr"]'),
        ("{Dog: /m/0bt9lr, 'Cat': [/m/01yrx, /m/x],}", 'label = ["/m/0bt9lr", "/m/01yrx"]'),
        ("{Dog: {a: /m/0bt9lr}}", "# labels_id_dict: could not be read; write label by hand"),
        ("{Dog: /m/0bt9lr,", "# labels_id_dict: could not be read; write label by hand"),
    ],
)
def test_a_mapping_on_one_line_of_yaml_is_read_or_said_to_be_unread(
    tmp_path: Path, flow: str, line: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"labels_id_dict: {flow}\n")
    assert line in answer_yaml(path).mend.splitlines()
