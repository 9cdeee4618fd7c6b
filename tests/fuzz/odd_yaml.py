"""Files that a person, an editor or another program might leave: valid ones, damaged at random."""

from __future__ import annotations

import copy
import os
from typing import Any

import yaml
from hypothesis import settings
from hypothesis import strategies as st

NUM_EXAMPLES = int(os.environ.get("SYNTH_LOCAL_FUZZ", "50"))
FUZZ = settings(max_examples=NUM_EXAMPLES, deadline=None, database=None)

# values that have surprised readers of YAML: no value, other types, ends of ranges, odd text
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.0, -0.5, 1e-300, 1e300),
    *(
        float("nan"),
        float("inf"),
        float("-inf"),
        "",
        " ",
        "~",
        "null",
        "yes",
        "0x1F",
        "1e3",
        "1:30",
    ),
    *(
        "\x00",
        "\x1b[2J",
        "é",
        "é",
        "标签",
        "😀",
        "\u202e",
        "\ufeff",
        "../../x",
        "/",
        ".",
        "a" * 400,
    ),
    *("{{ 1/0 }}", "%s%n", "$(x)", "a__b", "A B", "*", "&a", "!!python/object:os.system"),
    *([], {}, [[]], [None], [{}], {"a": None}, {"a": {"b": {"c": []}}}, [[[[[[]]]]]]),
    *(["weather.yaml", "weather.yaml"], ["nowhere.yaml"], ["."], {"sunny": 5}, {"sunny": 0}),
]
FRAGMENTS = [
    *(
        "\n",
        "\t",
        ":",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "#",
        "&a ",
        "*a",
        "*b",
        "!",
        "!!",
        "|",
    ),
    *(
        "---\n",
        "...\n",
        "? ",
        "%YAML 9.9\n",
        "<<: ",
        "!!python/name:os.system ",
        "!!binary x",
        "\x00",
    ),
    *("!!set {a}", "!!timestamp x", "2024-02-31", "!!int x", "!!float x", "!!omap [a]", "\ud800"),
    *(
        "\ufeff",
        "\u2028",
        "\x85",
        "0o9",
        "1_0",
        "=",
        "~",
        "<<: *a\n",
        "&a [*a]",
        "!!null x",
        "!!bool 3",
    ),
]

odd_scalars = st.one_of(
    st.sampled_from(ODD).map(copy.deepcopy),  # what is drawn may be damaged further
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=12),
    st.dates(),
    st.binary(max_size=4),
)
odd_values = st.recursive(
    odd_scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in nested mappings and lists, the whole one's too."""
    children: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [path, *(one for key, child in children for one in list_paths(child, (*path, key)))]


@st.composite
def damaged_values(draw: st.DrawFn, valid: dict[str, Any]) -> Any:
    """Return a valid mapping in which one to three values were replaced, added or taken out."""
    value: Any = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list_paths(value)))
        if not path:
            if isinstance(value, dict):
                value[draw(st.one_of(st.text(max_size=8), st.integers()))] = draw(odd_values)
            continue
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.integers(0, 4)) == 0:
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(odd_values)
    return value


@st.composite
def damaged_files(draw: st.DrawFn, valid: dict[str, Any]) -> bytes:
    """Return the bytes of a valid file after damage to its values, its text or its bytes."""
    kind = draw(st.sampled_from(["values", "values", "values", "text", "bytes", "deep"]))
    if kind == "values":
        value = draw(damaged_values(valid))
        text: str = yaml.safe_dump(value, allow_unicode=draw(st.booleans()), sort_keys=False)
    else:
        text = yaml.safe_dump(valid, sort_keys=False)
    if kind == "deep":
        depth = draw(st.sampled_from([50, 500, 5000]))
        text += f"\nx: {'[' * depth}{']' * draw(st.sampled_from([depth, 0]))}\n"
    if kind == "text":
        for _ in range(draw(st.integers(1, 4))):
            place = draw(st.integers(0, len(text)))
            end = place + draw(st.integers(0, 6))
            text = text[:place] + draw(st.sampled_from(FRAGMENTS)) + text[end:]
    found = text.encode("utf-8", "surrogatepass")
    if kind == "bytes":
        place = draw(st.integers(0, len(found)))
        found = (
            found[:place] + draw(st.binary(max_size=4)) + found[place + draw(st.integers(0, 4)) :]
        )
    return found
