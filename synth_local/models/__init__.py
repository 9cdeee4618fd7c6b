"""Models by name: where their folders lie, what their cards say, what they are by content."""

from synth_local.models.card import Card, HasSeen, Role
from synth_local.models.check import check_model
from synth_local.models.digest import (
    ModelDigest,
    digest_model,
    digest_small_files,
    is_digest_known,
    was_written,
)
from synth_local.models.front_matter import read_card, write_card
from synth_local.models.known import KnownModel, list_models, load_card, read_card_text
from synth_local.models.links import refuse_dangling
from synth_local.models.places import BUILT_IN_STUDENTS, find_model, list_model_places
from synth_local.models.quantization import require_quantization_package
from synth_local.models.roles import require_role
from synth_local.models.vocabulary import require_rows
from synth_local.models.weights import (
    FAKE_TYPE,
    has_weights,
    list_weights,
    read_config,
    refuse_adapter,
    require_weights,
)
from synth_local.models.whole import require_whole

__all__ = [
    "BUILT_IN_STUDENTS",
    "FAKE_TYPE",
    "Card",
    "HasSeen",
    "KnownModel",
    "ModelDigest",
    "Role",
    "check_model",
    "digest_model",
    "digest_small_files",
    "find_model",
    "has_weights",
    "is_digest_known",
    "list_model_places",
    "list_models",
    "list_weights",
    "load_card",
    "read_card",
    "read_card_text",
    "read_config",
    "refuse_adapter",
    "refuse_dangling",
    "require_quantization_package",
    "require_role",
    "require_rows",
    "require_weights",
    "require_whole",
    "was_written",
    "write_card",
]
