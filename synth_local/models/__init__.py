"""Models by name: where their folders lie, what their cards say, what they are by content."""

from synth_local.models.archive import extract
from synth_local.models.card import UNKNOWN_LICENSE, Card, HasSeen, Role
from synth_local.models.check import check_model
from synth_local.models.digest import (
    ModelDigest,
    digest_model,
    digest_small_files,
    is_digest_known,
    was_written,
)
from synth_local.models.front_matter import parse_front_matter, read_card, write_card
from synth_local.models.gguf import GgufHeader, is_gguf, read_gguf
from synth_local.models.known import (
    KnownModel,
    list_models,
    load_card,
    read_card_text,
    read_own_card,
)
from synth_local.models.links import refuse_dangling
from synth_local.models.origin import HubSource, Outputs, PypiSource, Sampling, Source
from synth_local.models.places import (
    BUILT_IN_STUDENTS,
    find_card,
    find_model,
    list_model_places,
    require_name,
)
from synth_local.models.quantization import require_quantization_package
from synth_local.models.roles import require_role
from synth_local.models.taken import copy_files, is_taken, list_taken, refuse_unsafe
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
    "UNKNOWN_LICENSE",
    "Card",
    "GgufHeader",
    "HasSeen",
    "HubSource",
    "KnownModel",
    "ModelDigest",
    "Outputs",
    "PypiSource",
    "Role",
    "Sampling",
    "Source",
    "check_model",
    "copy_files",
    "digest_model",
    "digest_small_files",
    "extract",
    "find_card",
    "find_model",
    "has_weights",
    "is_digest_known",
    "is_gguf",
    "is_taken",
    "list_model_places",
    "list_models",
    "list_taken",
    "list_weights",
    "load_card",
    "parse_front_matter",
    "read_card",
    "read_card_text",
    "read_config",
    "read_gguf",
    "read_own_card",
    "refuse_adapter",
    "refuse_dangling",
    "refuse_unsafe",
    "require_name",
    "require_quantization_package",
    "require_role",
    "require_rows",
    "require_weights",
    "require_whole",
    "was_written",
    "write_card",
]
