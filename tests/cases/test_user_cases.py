"""Inputs as users brought them, one folder a case: what each command says and ends with.

A case's ``run.sh`` calls ``synth-local``; a stand-in on the path notes each exit code. The folders
lie outside the repository (``SYNTH_LOCAL_CASES``); tests of the same kinds, with inputs of their
own, stand beside the code that they test.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAND_IN = """#!/bin/bash
{python} -m synth_local "$@"
code=$?
echo "$code $*" >> "$EXITS"
exit $code
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case has to come to.

    Attributes:
        codes: exit codes of the commands, in their order.
        says: patterns that the output matches.
        never: patterns that it does not match.
    """

    codes: tuple[int, ...]
    says: tuple[str, ...]
    never: tuple[str, ...] = ()


# after a run whose data or models are elsewhere: status, verify, report, compare, export (of a
# later release), advise, step analyze, step report, run, plan, cancel, status --json
WITHOUT_SOURCES = (0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0)
CASES = {
    "a02_cp1252_csv": Expected((3,), (r"(?i)encoding: (cp1252|windows-1252)", r"spam\.csv:\d+")),
    "a03_utf16_excel": Expected((3,), (r"(?i)utf-16", r"(?i)encoding: utf-16"), (r"LATIN1",)),
    "a05_semicolon_german_excel": Expected((0,), (r"t\.csv", r"rows read")),
    "a07_json_booleans": Expected((0,), (r"rows read",)),
    "a09b_json_nan_label_drop": Expected((0, 0), (r"left out", r"no label")),
    "a11b_empty_label_csv_drop": Expected((0,), (r"left out", r"no label")),
    "a12c_label_nfd_vs_nfc": Expected((0,), (r"rows read",)),
    "a13_empty_texts": Expected((0,), (r"left out", r"(?i)empty")),
    "a20b_doccano_export": Expected((0,), (r"rows read",)),
    "a22d_gzip_named_csv": Expected((0,), (r"rows read",)),
    "a27_json_array": Expected((0,), (r"rows read",)),
    "b13_hub_snapshot_folder": Expected((0,), (r"rows read",)),
    "b17_lfs_pointer_parquet": Expected((3,), (r"Git LFS pointer", r"git lfs pull")),
    "b32_unpaired_quote_swallows": Expected((0,), (r"lines", r"t\.csv:\d+")),
    "b34_zero_width": Expected(
        (0, 0, 0), (r"205 rows read, 200 used, 5 left out \(nothing visible 5\)",)
    ),
    "b36_dates_numbers_as_labels": Expected((2,), (r"quotes",), (r"valid string",)),
    "b37_label_007": Expected((0,), (r"rows read",)),
    "c01_data_env_unset": Expected((0, *WITHOUT_SOURCES, *WITHOUT_SOURCES), (r"",)),
    "c05_task_description_edited": Expected((0, 0, 1, 0), (r"description",)),
    "c11_out_is_file": Expected((2, 2, 2, 2, 2, 2), (r"afile",)),
    "d01_advice_followed_latin1": Expected((3, 0), (r"(?i)(cp1252|windows-1252)",)),
    "d06_label_list_not_mapping": Expected((2,), (r"description",)),
    "d08_brought_semicolon_and_bad_labels": Expected((0, 0), (r"old\.csv: 60 rows read, 60 used",)),
    "d17_drop_hides_typo": Expected((0,), (r"Pos", r"did you mean")),
    "s03c_tp_by_gres": Expected((0,), ()),
    "s03d_tp_gres_too_small": Expected((2,), (r"gres",)),
    "s04_warn_longer_than_time": Expected((2,), (r"warn_seconds",)),
    "y02_real_lost_when_corpus_empty": Expected(
        (1, 1), (r"no answer about synthetic", r"no row of 'pos'")
    ),
    "y03_octal_collision": Expected((0,), (r"010",)),
}


@pytest.mark.cases
@pytest.mark.parametrize("name", sorted(CASES))
def test_what_users_brought_ends_as_it_should(name: str, tmp_path: Path) -> None:
    expected = CASES[name]
    output, codes = run_case(name, tmp_path)
    assert codes == expected.codes, output
    for pattern in expected.says:
        assert re.search(pattern, output), f"{pattern!r} is not in:\n{output}"
    for pattern in (*expected.never, r"Traceback", r"this is a bug"):
        assert not re.search(pattern, output), f"{pattern!r} is in:\n{output}"


@pytest.mark.cases
def test_no_case_is_left_out() -> None:
    folders = {path.parent.name for path in Path(os.environ["SYNTH_LOCAL_CASES"]).glob("*/run.sh")}
    assert folders == set(CASES)


def run_case(name: str, tmp_path: Path) -> tuple[str, tuple[int, ...]]:
    """Run a copy of a case's folder; return all that was printed, and the exit codes."""
    folder = tmp_path / name
    shutil.copytree(Path(os.environ["SYNTH_LOCAL_CASES"]) / name, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    command = tmp_path / "bin" / "synth-local"
    command.parent.mkdir()
    command.write_text(STAND_IN.format(python=sys.executable))
    command.chmod(0o755)
    exits = tmp_path / "exits"
    exits.touch()
    environment = {name: text for name, text in os.environ.items() if name != "SYNTH_LOCAL_DATA"}
    done = subprocess.run(
        ["bash", "run.sh"],
        cwd=folder,
        env=environment
        | {
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "SYNTH_LOCAL_MODELS": str(folder / "models"),
            "HOME": str(tmp_path),
            "EXITS": str(exits),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=600,
        check=False,
    )
    lines = exits.read_text().splitlines()
    return done.stdout, tuple(int(line.split()[0]) for line in lines)
