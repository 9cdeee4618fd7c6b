"""``synth-local compare``: the tables of a paired comparison of runs, or of cells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from synth_local.cli.options import make_printable, print_table
from synth_local.cli.streams import print_json

if TYPE_CHECKING:
    from synth_local.commands.compare.compare import ComparedPair, Comparison, CorpusCost, RunPair
    from synth_local.records import Interval

RESULT_HEAD = (
    *("condition", "metric", "first", "SD", "other", "SD", "difference [95 % interval]"),
    *("as good?", "p", "p (Holm)", "items", "not shared", "seeds"),
)
WORDS = {"as_good": "yes", "worse": "no, worse", "open": "open", "none": "no verdict"}
COST_HEAD = (
    *("run", "corpus", "rows", "tokens out", "on", "seconds", "s/row", "refused", "surplus"),
    "macro-F1 of students",
)


@click.command()
@click.argument("directories", metavar="DIR[::PART=VALUE,...] DIR[::...] ...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(directories: tuple[str, ...], as_json: bool) -> None:
    """Compare the first run with each other one, paired by test item.

    Conditions of the same task, source, strategy, student and generator belong together; where
    each run has exactly one generator, these two do, whatever their names.

    DIR::PART=VALUE takes the cells of a run that are like that. PART is task, source, generator,
    strategy, student or num_train (its number of rows), as in results.csv; a comma stands between
    two of them. What is chosen on either side may differ on the other one, save for the task:
    compare runs/a::strategy=zero_shot runs/a::strategy=few_shot sets two strategies of one run
    beside each other.
    """
    if len(directories) < 2:
        raise click.UsageError("compare needs two run directories at least")
    from synth_local.commands.compare.compare import compare_runs  # noqa: PLC0415

    found = compare_runs(directories)
    if as_json:
        print_json(found.to_json())
    else:
        _print_comparison(found)


def _print_comparison(found: Comparison) -> None:
    for runs in found.runs:
        _print_runs(runs)
    if found.costs:
        click.echo("What each corpus cost, and what students made of it")
        print_table(COST_HEAD, [_cost_row(cost) for cost in found.costs], num_left=2)
    draws = f"{found.num_draws} resamples, {found.num_swaps} swaps of test items"
    click.echo(f"\nSD over seeds; {draws}, seed {found.seed}")
    for note in found.notes:
        click.echo(note)


def _print_runs(runs: RunPair) -> None:
    click.secho(
        f"first  {make_printable(runs.first)}\nother  {make_printable(runs.other)}", bold=True
    )
    if runs.generators:
        click.echo(
            f"matched across generators: {runs.generators[0]} in the first run, "
            f"{runs.generators[1]} in the other; each run has one generator"
        )
    click.echo("")
    if runs.pairs:
        print_table(RESULT_HEAD, [row for pair in runs.pairs for row in _result_rows(pair)])
    else:
        click.echo("nothing of the two runs can be compared")
    click.echo("")
    _print_warnings(runs)


def _print_warnings(runs: RunPair) -> None:
    for reason in dict.fromkeys(text for pair in runs.pairs for text in pair.result.reasons):
        click.echo(f"no verdict: {make_printable(reason)}")
    for one in runs.unlike:
        places = f"  ({'; '.join(one.where)})" if one.where else ""
        values = f"first {one.first} | other {one.other}"
        click.echo(make_printable(f"warning: {one.what} differs: {values}{places}"))
    for problem in runs.omitted:
        click.echo(f"not compared: {make_printable(problem)}")
    for side, names in (("first", runs.only_first), ("other", runs.only_other)):
        for name in names:
            click.echo(f"only in the {side} run: {name}")
    for side, count in zip(("first", "other"), runs.num_waiting, strict=True):
        if count:
            click.echo(f"the {side} run has {count} cells without predictions")
    click.echo("")


def _result_rows(pair: ComparedPair) -> list[tuple[str, ...]]:
    result = pair.result
    apart = result.num_only_first + result.num_only_other
    seeds = ",".join(map(str, result.seeds))
    return [
        (
            *(
                _name(pair),
                difference.metric,
                f"{difference.first:.4f}",
                _format(difference.sd_first),
            ),
            *(f"{difference.other:.4f}", _format(difference.sd_other)),
            _format_interval(difference.interval),
            WORDS[result.verdict] if difference.metric == "macro_f1" else "",
            *(
                f"{difference.p:.4f}",
                f"{difference.p_holm:.4f}",
                str(result.num_items),
                str(apart),
                seeds,
            ),
        )
        for difference in result.differences
    ]


def _cost_row(cost: CorpusCost) -> tuple[str, ...]:
    scores = ", ".join(
        f"{score.source} {score.student} n{score.num_train}: {score.macro_f1:.4f}"
        for score in cost.scores
    )
    return (
        make_printable(cost.run),
        f"{cost.task} / {cost.generator} / {cost.strategy}",
        f"{cost.accepted}{'' if cost.complete else ' (short)'}",
        "-" if cost.tokens is None else str(cost.tokens),
        cost.device or "-",
        "-" if cost.seconds is None else f"{cost.seconds:.1f}",
        "-" if cost.seconds_per_row is None else f"{cost.seconds_per_row:.4f}",
        "-" if cost.refused_share is None else f"{100 * cost.refused_share:.1f} %",
        str(cost.surplus),
        scores or "-",
    )


def _format_interval(interval: Interval) -> str:
    return f"{interval.point:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def _format(sd: float | None) -> str:
    """Return a standard deviation over seeds; one seed has none."""
    return "-" if sd is None else f"{sd:.4f}"


def _name(pair: ComparedPair) -> str:
    """Return a pair's name; parts that differ show both values."""
    first, other = pair.first, pair.other
    parts = [
        (first.task, other.task),
        (first.source, other.source),
        (first.generator, other.generator),
        (first.strategy, other.strategy),
        (first.student, other.student),
        (f"n{first.num_train}", f"n{other.num_train}"),
    ]
    spelled = [one if one == two else f"{one}|{two}" for one, two in parts]
    return " / ".join(part for part in spelled if part != "-")
