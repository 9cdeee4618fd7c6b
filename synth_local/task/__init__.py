"""A classification task: its file, its real data, its splits; and a simulated one."""

from synth_local.task.kept import KeptFile, KeptSources, NotHere
from synth_local.task.load import Task, load_task
from synth_local.task.splits import Splits, load_splits
from synth_local.task.task_file import DataSpec, LabelSpec, LengthSpec, TaskFile

__all__ = [
    "DataSpec",
    "KeptFile",
    "KeptSources",
    "LabelSpec",
    "LengthSpec",
    "NotHere",
    "Splits",
    "Task",
    "TaskFile",
    "load_splits",
    "load_task",
]
