"""What looks personal in a text, and what does not."""

from __future__ import annotations

import time

import pytest

from synth_local.commands.export.personal import PersonalText, find_personal


def find(text: str) -> list[PersonalText]:
    return list(find_personal(text))


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("write to Jo.Doe+x@mail.example.org.", "email", "jo.doe+x@mail.example.org"),
        ("call 07700 900123 now", "phone", "07700900123"),
        ("tel. +49 (30) 901820!", "phone", "4930901820"),
        ("(555) 010-0199", "phone", "5550100199"),
        ("pay to GB82 WEST 1234 5698 7654 32 today", "account", "gb82west12345698765432"),
        ("DE89370400440532013000", "account", "de89370400440532013000"),
        ("card 4539 1488 0343 6467", "account", "4539148803436467"),
    ],
)
def test_one_thing_is_found_however_it_is_spaced(text: str, kind: str, key: str) -> None:
    assert find(text) == [(kind, key)]


@pytest.mark.parametrize(
    "text",
    [
        "on 2023-10-11 at noon",
        "on 11.10.2023, or 11/10/23",
        "text WIN to 87077",
        "it costs 1,250,000.00",
        "a score of 0.1234567890",
        "version 12",
        "me@home, you @ work, @handle",
        "",
    ],
)
def test_dates_prices_short_codes_and_handles_are_nothing(text: str) -> None:
    assert find(text) == []


def test_a_wrong_check_digit_is_no_account() -> None:
    kinds = {part.kind for part in find("GB82 WEST 1234 5698 7654 33; card 4539 1488 0343 6468")}
    assert "account" not in kinds


def test_the_same_number_has_the_same_key() -> None:
    assert find("0770-090.0123") == find("07700 900123")


@pytest.mark.parametrize("sign", ["1", "1 ", "a.", "GB82", "+", "(", "@", "a@"])
def test_hostile_repetition_is_searched_in_time(sign: str) -> None:
    start = time.process_time()
    find(sign * 20_000)
    assert time.process_time() - start < 5  # quadratic would be minutes
