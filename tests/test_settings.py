"""Settings from flags, variables and defaults, and the CPUs that a control group allows."""

import os
import re
from pathlib import Path

import pytest

from goseventh import cpus, settings
from goseventh import written as parsers
from goseventh.settings import SERVE, SettingError, Settings
from storage.strategies import table
from tests.serving import ROOT

README = ROOT / "README.md"


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("1", 1),
        ("65536", 65_536),
        ("1KiB", 1024),
        ("64KiB", 65_536),
        ("64 KiB", 65_536),
        ("512MiB", 512 << 20),
        ("4GiB", 4 << 30),
        ("4gib", 4 << 30),
        ("007", 7),
    ],
)
def test_sizes_are_bytes_or_have_a_binary_unit(written: str, size: int) -> None:
    assert parsers.size(written) == size


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "0",
        "0KiB",
        "-1",
        "+1",
        "1.5GiB",
        "1e3",
        "1_000",
        "0x10",
        "KiB",
        "1K",
        "1KB",
        "1TiB",
        "1B",
        "64KiB\n",
        "٤",
        " 1",
        "1  KiB",
        "1 000",
        "9" * 5000,
        "lots",
    ],
    ids=lambda written: ascii(written)[:20],
)
def test_what_is_no_size_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parsers.size(written)


def read(flags: dict[str, str | None] | None = None, variables: dict[str, str] | None = None) -> Settings:
    return Settings(SERVE, flags or {}, variables or {})


def test_defaults_are_those_of_the_contract() -> None:
    found = read()
    assert (found.host, found.port, found.data_dir) == ("127.0.0.1", 9999, Path("data"))
    assert found.strategy is table.DEFAULT
    assert found.strategy.name == "group-commit"
    assert found.max_body == 65_536
    assert found.workers == cpus.best_workers()


OTHERS = {
    "host": ("::1", "0.0.0.0"),
    "port": ("0", "65535"),
    "workers": ("1", "64"),
    "store": ("postgresql://a@b/c", "postgres://b:1,c:2/d?target_session_attrs=primary"),
    "allow-unsafe-database": ("on", "off"),
    "data-dir": ("/a", "/b"),
    "strategy": ("per-request", "group-commit"),
    "map-size": ("1GiB", "2GiB"),
    "max-body": ("1KiB", "1MiB"),
    "max-head": ("1KiB", "16KiB"),
    "max-target": ("1KiB", "16KiB"),
    "max-term": ("1", "100"),
    "max-depth": ("2", "1024"),
    "max-connections": ("1", "7"),
    "admin-token": ("a" * 16, "-._~+/0123456789AZaz=="),
    "max-queue": ("1", "7"),
    "head-timeout": ("1", "0.5"),
    "body-timeout": ("2", "0.25"),
    "search-timeout": ("1", "0.5"),
    "write-behind-window": ("10", "500"),
    "emulate-flush-ms": ("1", "20"),
    "idle-timeout": ("3", "999"),
    "ui": ("on", "off"),
    "log-format": ("json", "plain"),
    "access-log": ("on", "off"),
}


@pytest.mark.parametrize("row", SERVE, ids=lambda row: row.name)
def test_a_flag_wins_over_its_variable_and_that_over_the_default(row: settings.Setting) -> None:
    one, two = OTHERS[row.name]
    values = [row.parse(written) for written in (row.default, one, two)]
    assert len({str(value) for value in values}) == 3 or row.default in (one, two)
    assert row.variable == "GOSEVENTH_" + row.name.upper().replace("-", "_")
    assert getattr(read(), row.attribute) == values[0]
    assert getattr(read({}, {row.variable: one}), row.attribute) == values[1]
    assert getattr(read({row.attribute: None}, {row.variable: one}), row.attribute) == values[1]
    assert getattr(read({row.attribute: two}, {row.variable: one}), row.attribute) == values[2]
    assert getattr(read({row.attribute: one}, {row.variable: two}), row.attribute) == values[1]


@pytest.mark.parametrize("row", SERVE, ids=lambda row: row.name)
def test_a_flag_hides_the_wrong_value_of_its_variable(row: settings.Setting) -> None:
    one, _ = OTHERS[row.name]
    assert getattr(read({row.attribute: one}, {row.variable: "wrong \0"}), row.attribute) == row.parse(one)


WRONG = [
    ("port", "65536"),
    ("port", "-1"),
    ("port", "http"),
    ("port", ""),
    ("port", "9999\n"),
    ("port", "٩"),
    ("port", "9" * 5000),
    ("workers", "0"),
    ("workers", "65"),
    ("workers", "two"),
    ("workers", "1.5"),
    ("host", ""),
    ("host", "a b"),
    ("host", "a\n"),
    ("allow-unsafe-database", "true"),
    ("strategy", "fast"),
    ("strategy", ""),
    ("strategy", "Group-Commit"),
    ("map-size", "0"),
    ("map-size", "big"),
    ("max-body", "64KB"),
    ("max-body", ""),
    ("max-queue", "0"),
    ("max-queue", "-5"),
    ("max-head", "255"),
    ("max-head", "33KiB"),
    ("max-target", "1"),
    ("max-term", "0"),
    ("max-depth", "1"),
    ("max-depth", "1025"),
    ("max-connections", "0"),
    ("max-connections", "9" * 9),
    ("head-timeout", "0"),
    ("head-timeout", "0.0"),
    ("body-timeout", "-1"),
    ("body-timeout", "nan"),
    ("idle-timeout", "inf"),
    ("idle-timeout", "1e3"),
    ("idle-timeout", "soon"),
    ("ui", "yes"),
    ("access-log", "On"),
    ("log-format", "xml"),
]


@pytest.mark.parametrize(("name", "written"), WRONG, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_wrong_value_is_named_in_one_line(name: str, written: str, by: str) -> None:
    attribute = name.replace("-", "_")
    variable = f"GOSEVENTH_{attribute.upper()}"
    flags, variables = ({attribute: written}, {}) if by == "flag" else ({}, {variable: written})
    with pytest.raises(SettingError) as raised:
        Settings(SERVE, flags, variables)
    message = str(raised.value)
    assert message.startswith(f"--{name} " if by == "flag" else f"{variable} ")
    assert "must be" in message
    assert message.endswith(f"not {written!r}")
    assert "\n" not in message


@pytest.mark.parametrize(
    "written", ["", "short", "x" * 15, "a secret with spaces", "secret" * 3 + "\n", "sécret" * 3, "None"]
)
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_wrong_token_is_refused_and_not_shown(written: str, by: str) -> None:
    flags, variables = (
        ({"admin_token": written}, {}) if by == "flag" else ({}, {"GOSEVENTH_ADMIN_TOKEN": written})
    )
    with pytest.raises(SettingError) as raised:
        Settings(SERVE, flags, variables)
    message = str(raised.value)
    assert message.startswith("--admin-token must be" if by == "flag" else "GOSEVENTH_ADMIN_TOKEN must be")
    assert not written or written not in message
    assert "not " not in message


@pytest.mark.parametrize("strategy", table.TABLE, ids=lambda row: row.name)
def test_a_wrong_strategy_is_answered_with_all_there_are(strategy: table.Strategy) -> None:
    with pytest.raises(SettingError, match=re.escape(strategy.name)):
        read({"strategy": "fast"})


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("GOSEVENTH_PROT", "GOSEVENTH_PORT"),
        ("GOSEVENTH_WORKER", "GOSEVENTH_WORKERS"),
        ("GOSEVENTH_DATADIR", "GOSEVENTH_DATA_DIR"),
        ("GOSEVENTH_MAPSIZE", "GOSEVENTH_MAP_SIZE"),
        ("GOSEVENTH_MAX_BODY_SIZE", "GOSEVENTH_MAX_BODY"),
        ("GOSEVENTH_port", "GOSEVENTH_PORT"),
        ("GOSEVENTH_", "GOSEVENTH_"),
    ],
)
def test_an_unknown_variable_is_answered_with_the_nearest(unknown: str, nearest: str) -> None:
    with pytest.raises(SettingError, match=rf"^{unknown} .*{nearest}.*\?$"):
        read({}, {unknown: "1"})


def test_other_programs_variables_are_nobodys_business() -> None:
    assert read({}, {"PORT": "1", "XGOSEVENTH_PORT": "2", "goseventh_port": "3"}).port == 9999


def test_a_command_that_takes_few_settings_minds_the_others_variables_but_not_their_values() -> None:
    assert Settings((settings.PORT,), {}, {"GOSEVENTH_PORT": "1", "GOSEVENTH_MAP_SIZE": "?"}).port == 1


@pytest.mark.parametrize("row", SERVE, ids=lambda row: row.name)
def test_every_setting_stands_in_the_readmes_table(row: settings.Setting) -> None:
    rows = [line for line in README.read_text().splitlines() if line.startswith("|")]
    (documented,) = (line for line in rows if line.startswith(f"| `--{row.name}` | `{row.variable}` |"))
    if row.name not in ("workers", "max-connections"):  # their defaults are the machine's
        assert row.default in documented


@pytest.mark.parametrize("row", SERVE, ids=lambda row: row.name)
def test_every_setting_explains_itself(row: settings.Setting) -> None:
    assert row.help
    assert row.name in OTHERS
    row.parse(row.default)


# CPUs


def group(root: Path, **files: str) -> Path:
    """A fake control group; `__` stands for a dot."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of eight CPUs."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))


@pytest.mark.usefixtures("eight")
@pytest.mark.parametrize(
    ("cpu_max", "allowed"),
    [
        ("150000 100000\n", 1.5),
        ("50000 100000\n", 0.5),
        ("20000 10000\n", 2),
        ("max 100000\n", 8),
        ("1600000 100000\n", 8),
        ("", 8),
    ],
)
def test_a_quota_of_cgroup_2_counts(tmp_path: Path, cpu_max: str, allowed: float) -> None:
    assert cpus.allowed(group(tmp_path / "v2", cpu__max=cpu_max), tmp_path / "none") == allowed


@pytest.mark.usefixtures("eight")
@pytest.mark.parametrize(
    ("quota", "period", "allowed"),
    [("150000\n", "100000\n", 1.5), ("-1\n", "100000\n", 8), ("1600000\n", "100000\n", 8), ("1000\n", "", 8)],
)
def test_a_quota_of_cgroup_1_counts(tmp_path: Path, quota: str, period: str, allowed: float) -> None:
    v1 = group(tmp_path / "v1", cpu__cfs_quota_us=quota, cpu__cfs_period_us=period)
    assert cpus.allowed(tmp_path / "none", v1) == allowed


@pytest.mark.usefixtures("eight")
def test_without_a_control_group_the_affinity_counts(tmp_path: Path) -> None:
    assert cpus.allowed(tmp_path / "none", tmp_path / "none") == 8


@pytest.mark.usefixtures("eight")
def test_the_least_of_all_counts(tmp_path: Path) -> None:
    v2 = group(tmp_path / "v2", cpu__max="300000 100000\n")
    v1 = group(tmp_path / "v1", cpu__cfs_quota_us="200000", cpu__cfs_period_us="100000")
    assert cpus.allowed(v2, v1) == 2
    assert cpus.allowed(v2, tmp_path / "none") == 3


@pytest.mark.usefixtures("eight")
def test_the_processs_own_group_comes_before_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpus, "group", lambda controller: "a/b")
    v2 = group(tmp_path / "v2", cpu__max="400000 100000\n")
    assert cpus.allowed(v2, tmp_path / "none") == 4
    group(v2 / "a" / "b", cpu__max="100000 100000\n")
    assert cpus.allowed(v2, tmp_path / "none") == 1


@pytest.mark.parametrize(
    ("allowed", "workers"),
    [(0.1, 1), (0.5, 1), (1, 1), (1.4, 1), (1.5, 2), (2, 2), (2.4, 2), (2.5, 3), (8, 8)],
)
def test_a_worker_a_cpu(allowed: float, workers: int) -> None:
    assert cpus.best_workers(allowed) == workers
