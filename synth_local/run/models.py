"""The models of a run: found by name; their bytes are read only where a digest is asked for.

Finding is cheap: folders, cards and sizes are looked at. ``digest`` is the one call that reads
weights, and only where they were not hashed before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from errno import EACCES
from functools import cached_property
from pathlib import Path

from synth_local.config import RunConfig
from synth_local.engines.choose import name_engine
from synth_local.errors import MachineError
from synth_local.models import (
    BUILT_IN_STUDENTS,
    Card,
    ModelDigest,
    digest_model,
    digest_small_files,
    is_digest_known,
    list_weights,
    require_weights,
    was_written,
)
from synth_local.run.sources.find import find_folder, open_card
from synth_local.run.sources.made_from import KeptModel, MadeFrom
from synth_local.store.run_dir import RunDir
from synth_local.task import NotHere

# stands for weights that nobody has read: equal to no digest
UNKNOWN = "not hashed yet"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model of a run, found and not read.

    Attributes:
        folder: on this machine; where it was, if it is not here.
        engine: that serves a generator; empty for students and embedders.
        not_here: set where the folder is not here or cannot be read, and the rest is what the
            run's record says.
        recorded: the digest that the record holds, where it stands for the folder.
    """

    name: str
    folder: Path
    card: Card
    engine: str = ""
    not_here: NotHere | None = None
    recorded: ModelDigest | None = None


@dataclass(frozen=True)
class Models:
    """The generators, students and the embedder of a run, here or as its record keeps them.

    Attributes:
        made: what the run was made from; ``None``: not kept yet.
        reads_weights: ``False``: weights that were not hashed before are taken as recorded.
    """

    run: RunDir
    config: RunConfig
    made: MadeFrom | None
    reads_weights: bool = True
    _digests: dict[Path, ModelDigest] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def generators(self) -> dict[str, Model]:
        """The generators by name.

        Raises:
            MachineError: weights are missing, and the run does not know what they were.
        """
        return {name: self._open("generator", name) for name in self.config.generators}

    @cached_property
    def students(self) -> dict[str, Model | None]:
        """The students by name; ``None`` for those that need no folder."""
        return {
            name: None if name in BUILT_IN_STUDENTS else self._open("student", name)
            for name in self.config.students
        }

    @cached_property
    def embedder(self) -> Model | None:
        """The embedder, or ``None`` for hashed character n-grams."""
        name = self.config.measure.embedder
        return self._open("embedder", name) if name else None

    def digest(self, model: Model) -> ModelDigest:
        """Return a model's identity.

        Costs a reading of the whole folder, about a second per gigabyte, where the run directory
        does not know it yet and ``reads_weights`` is set; else a few small files.

        Raises:
            MachineError: the folder cannot be read.
        """
        if model.recorded is not None:
            return model.recorded
        if model.folder not in self._digests:
            try:
                self._digests[model.folder] = self._digest(model)
            except OSError as error:
                raise _explain_unreadable(model.name, error) from error
        return self._digests[model.folder]

    def format_assumed(self) -> list[str]:
        """Return a sentence for each model whose weights nobody compared with the record."""
        assumed = dict.fromkeys(model.name for model in self._list() if self._assume(model))
        return [
            f"the weights of {name} are taken as recorded: they were not hashed at this place, "
            "which `synth-local verify` does"
            for name in assumed
        ]

    def list_unread(self) -> list[str]:
        """Return the models whose weights ``digest`` would have to read, by name.

        Raises:
            MachineError: a model is missing, and the run does not know what it was.
        """
        return list(dict.fromkeys(model.name for model in self._list() if not self._knows(model)))

    def find_folder(self, name: str) -> Path:
        """Return a model's folder, here or where the run had it; what is in it is not looked at."""
        own = Path(self.config.models) if self.config.models else None
        return find_folder(name, own, self.find_kept(name))

    def find_student(self, name: str) -> Path | None:
        """Return a student's folder, or ``None`` for one that needs none.

        Raises:
            MachineError: the weights are missing.
        """
        return None if name in BUILT_IN_STUDENTS else self._find_whole(name)

    def find_kept(self, name: str) -> KeptModel | None:
        """Return a model as the run recorded it: a name is one folder, whatever its roles."""
        if self.made is None:
            return None
        is_embedder = name == self.made.config.get("measure", {}).get("embedder")
        kept = self.made.generators.get(name) or self.made.students.get(name)
        return kept or (self.made.embedder if is_embedder else None)

    @property
    def _cache(self) -> Path | None:
        """Where digests are kept; nowhere before the run directory exists."""
        return self.run.digests if self.run.root.is_dir() else None

    def _list(self) -> Iterator[Model]:
        models = [*self.generators.values(), *self.students.values(), self.embedder]
        yield from (model for model in models if model is not None)

    def _find_whole(self, name: str) -> Path:
        folder = self.find_folder(name)
        require_weights(folder)
        return folder

    def _open(self, kind: str, name: str) -> Model:
        """Return a model; as recorded where its folder is not here or cannot be read."""
        kept = self.find_kept(name)
        try:
            folder = self._find_whole(name)
            _require_readable(folder)
            card = open_card(name, folder, kept)
        except (MachineError, OSError) as failure:
            error = _explain_unreadable(name, failure) if isinstance(failure, OSError) else failure
            if kept is None:
                raise error from failure
            return self._recall(kind, name, kept, NotHere(kind, name, kept.folder, error))
        engine = name_engine(self.config.engine, folder) if kind == "generator" else ""
        return Model(name=name, folder=folder, card=card, engine=engine)

    def _recall(self, kind: str, name: str, kept: KeptModel, lost: NotHere) -> Model:
        engine = kept.engine if kept.engine == "fake" else self.config.engine
        return Model(
            name=name,
            folder=Path(kept.folder),
            card=kept.read_card(),
            engine=engine if kind == "generator" else "",
            not_here=lost,
            recorded=kept.read_digest(),
        )

    def _knows(self, model: Model) -> bool:
        return model.recorded is not None or is_digest_known(model.folder, self._cache)

    def _digest(self, model: Model) -> ModelDigest:
        if self.reads_weights or self._knows(model):
            return digest_model(model.folder, self._cache)
        assumed = self._assume(model)
        tokenizer, template = digest_small_files(model.folder)
        return ModelDigest.of(assumed.weights if assumed else UNKNOWN, tokenizer, template)

    def _assume(self, model: Model) -> ModelDigest | None:
        """Return the recorded digest of weights that are not read, if nothing says it is another's.

        Weights that were written since they were hashed at their place may be others.
        """
        kept = self.find_kept(model.name)
        if kept is None or self.reads_weights or self._knows(model):
            return None
        return None if was_written(model.folder, self._cache) else kept.read_digest()


def _require_readable(folder: Path) -> None:
    for path in list_weights(folder):
        if not os.access(path, os.R_OK):
            raise PermissionError(EACCES, os.strerror(EACCES), str(path))


def _explain_unreadable(name: str, error: OSError) -> MachineError:
    return MachineError(
        f"the folder of {name} cannot be read: {error.strerror}",
        where=error.filename or "",
        fix="ask for the right to read it, or set SYNTH_LOCAL_MODELS to another place",
    )
