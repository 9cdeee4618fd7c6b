"""Reading a site file, and what single values cannot show: settings that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from synth_local.config.site import SiteConfig, StageSite, TrainSite
from synth_local.config.slurm_values import read_seconds
from synth_local.core.empty_files import refuse_empty
from synth_local.core.section import parse_section, read_yaml
from synth_local.errors import ConfigError

Key = tuple[str | int, ...]
# options that ask for GPUs: beside the --gres of a stage Slurm takes one of the two, or neither
GPU_OPTIONS = ("--gres", "--gpus", "--gpus-per-node", "--gpus-per-task", "--gpus-per-socket")


def load_site_file(path: Path) -> SiteConfig:
    """Return a checked site file.

    Args:
        path: the YAML file; an empty mapping is fine.

    Raises:
        ConfigError: with every problem of the file.
    """
    fix = "see slurm/site.example.yaml; a site without settings of its own is written {}"
    refuse_empty(path, "site file", fix)
    value, lines = read_yaml(path)
    site = parse_section(SiteConfig, value, path, lines)
    found = list(find_conflicts(site))
    if found:
        numbers = [_find_line(lines, key) for key, _ in found]
        problems = [
            f"{'.'.join(map(str, key))}: {what}" + (f" (line {number})" if number else "")
            for (key, what), number in zip(found, numbers, strict=True)
        ]
        first = next((number for number in numbers if number), None)
        raise ConfigError(
            f"{len(problems)} problem(s) in {path.name}",
            where=f"{path}:{first}" if first else path,
            fix="\n".join(problems),
        )
    return site


def find_conflicts(site: SiteConfig) -> Iterator[tuple[Key, str]]:
    """Yield the key and the reason of each setting that another one contradicts.

    Args:
        site: of which every value is right by itself.

    Yields:
        Key and reason, such as ``stages.train.time``.
    """
    stages: dict[str, StageSite] = {
        name: getattr(site.stages, name) for name in type(site.stages).model_fields
    }
    warning = site.requeue.warn_seconds
    is_default = "warn_seconds" not in site.requeue.model_fields_set
    spelled = f"requeue.warn_seconds, {warning}" + (" by default" if is_default else "")
    for name, stage in stages.items():
        seconds = read_seconds(stage.time)
        if seconds is not None and seconds <= warning:
            key: Key = ("stages", name, "time")
            if "time" not in stage.model_fields_set:  # it is the warning that somebody wrote down
                key = ("requeue", "warn_seconds")
            yield (
                key,
                f"the stage {name} has {stage.time!r}, {seconds} s, and {spelled} s is no less: "
                "its jobs would be warned as they begin and never get anything done; give it more "
                "time, or warn later",
            )
    yield from _find_gpu_conflicts(site, stages)


def _find_gpu_conflicts(
    site: SiteConfig, stages: dict[str, StageSite]
) -> Iterator[tuple[Key, str]]:
    train: TrainSite = site.stages.train
    if train.gres and 0 < train.count_gpus(train.processes) < train.processes:
        yield (
            ("stages", "train", "gres"),
            f"{train.gres!r} gives a node {train.count_gpus(train.processes)} GPU(s), and "
            f"processes is {train.processes}: each takes one of its own",
        )
    asking = [name for name, stage in stages.items() if stage.gres or stage.gpus]
    for number, option in enumerate(site.options):
        if option.partition("=")[0] in GPU_OPTIONS and asking:
            yield (
                ("options", number),
                f"{option} and the stages {', '.join(asking)} both ask for GPUs; keep gpus or "
                "gres of the stages, or set gpus: 0 there",
            )


def _find_line(lines: dict[Key, int], key: Key) -> int | None:
    """Return the line of the deepest part of a key that stands in the file."""
    ends = range(len(key), 0, -1)
    return next((lines[key[:end]] for end in ends if key[:end] in lines), None)
