"""What looks personal in a text: e-mail addresses, phone numbers, account and card numbers.

Pure patterns with check digits where there are some. Names, addresses and whatever has no form of
its own are not found; a match is a reason to look, not a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

PersonalKind = Literal["email", "phone", "account"]
KINDS: tuple[PersonalKind, ...] = ("email", "phone", "account")

# every repetition is bounded: generated text must not make a search slow
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b", re.I)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_NUMBER = re.compile(r"(?<![\w.,])(?:\+|\(|00)?\d(?:[ ()./-]{0,2}\d){6,18}(?![\w])")
_DATE_OR_DECIMAL = re.compile(
    r"(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2\d{2,4})(?:[ -]\d{1,2})?|\d+\.\d+"
)
_MOST_PHONE_DIGITS = 15  # ITU-T E.164
_FEWEST_CARD_DIGITS = 13


class PersonalText(NamedTuple):
    """A part of a text that looks personal.

    Attributes:
        key: its letters and digits alone, lower case: equal however it is spaced.
    """

    kind: PersonalKind
    key: str


def find_personal(text: str) -> Iterator[PersonalText]:
    """Yield what looks personal in a text, by kind and then by place.

    Phone numbers have 7 to 15 digits and are no dates; card numbers have 13 to 19 and a right
    check digit (ISO/IEC 7812), account numbers are IBANs with right check digits (ISO 13616).
    """
    for match in _EMAIL.finditer(text):
        yield PersonalText("email", match[0].lower())
    ibans = [match for match in _IBAN.finditer(text) if _is_iban(_squeeze(match[0]))]
    for match in ibans:
        yield PersonalText("account", _squeeze(match[0]).lower())
    for match in _NUMBER.finditer(text):
        if any(iban.start() < match.end() and match.start() < iban.end() for iban in ibans):
            continue
        digits = re.sub(r"\D", "", match[0])
        if len(digits) >= _FEWEST_CARD_DIGITS and _has_luhn_digit(digits):
            yield PersonalText("account", digits)
        elif len(digits) <= _MOST_PHONE_DIGITS and not _DATE_OR_DECIMAL.fullmatch(match[0]):
            yield PersonalText("phone", digits)


def _squeeze(text: str) -> str:
    return text.replace(" ", "").upper()


def _is_iban(number: str) -> bool:
    """Return whether the check digits are right: the remainder by 97 is 1 (ISO 7064)."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def _has_luhn_digit(digits: str) -> bool:
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
