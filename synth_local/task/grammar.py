"""A small grammar of visit notes with a score that is known for every note.

A note says where somebody went and how two or three things were. How they were is said with words
of graded strength, from -1 (dreadful) to 1 (superb); the note's score is their mean. Knows nothing
about labels or annotators.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MIN_WORDS = 8
MAX_WORDS = 25
WOBBLE = 0.35  # how far one thing may lie from the day's mood

STRENGTHS: dict[float, tuple[str, ...]] = {
    -1.0: ("dreadful", "horrible", "disgraceful", "unbearable", "revolting"),
    -0.75: ("awful", "miserable", "dismal", "shabby", "nasty"),
    -0.5: ("poor", "disappointing", "careless", "gloomy", "stale"),
    -0.3: ("dull", "bland", "tired", "clumsy", "cramped"),
    -0.1: ("so-so", "plain", "unremarkable", "patchy", "modest"),
    0.1: ("passable", "acceptable", "ordinary", "fair", "tolerable"),
    0.3: ("decent", "fine", "neat", "calm", "solid"),
    0.5: ("good", "pleasant", "cosy", "cheerful", "welcoming"),
    0.75: ("lovely", "delightful", "charming", "generous", "splendid"),
    1.0: ("superb", "glorious", "unforgettable", "magnificent", "perfect"),
}
DEGREES: dict[str, float] = {
    "a little": 0.6, "somewhat": 0.7, "rather": 0.85, "really": 1.15, "truly": 1.2,
    "utterly": 1.3,
}  # fmt: skip
ARRIVALS = (
    "Stopped at", "Went back to", "Finally tried", "Met Ana at", "Took my brother to",
    "Had an hour at", "Spent the morning at", "Dropped into", "Ended up at",
    "Waited out the rain at", "Booked", "Revisited", "Took two colleagues to", "Celebrated at",
    "Walked over to", "Tested",
)  # fmt: skip
PLACES = (
    "bakery", "noodle bar", "guesthouse", "swimming hall", "tea room", "pizzeria", "museum cafe",
    "campsite", "fish market", "barber shop", "climbing gym", "bookshop", "food truck", "hostel",
    "beer garden", "cinema", "ice cream stand", "sauna", "canteen", "wine bar", "bowling alley",
    "farm shop", "pottery class", "dance school",
)  # fmt: skip
SPOTS = (
    "by the harbour", "near the station", "behind the church", "on Mill Street", "in the old town",
    "above the river", "next to the library", "at the airport", "opposite the park",
    "under the bridge", "in the village", "off the ring road", "beside the canal", "at the lake",
    "on the hill", "across from work", "in the arcade", "near the stadium", "by the north gate",
    "on the square",
)  # fmt: skip
TIMES = (
    "on Monday", "last Friday", "this weekend", "after work", "before the concert", "at noon",
    "in late October", "on a rainy evening", "during the holidays", "yesterday", "around midnight",
    "on the way home", "in the heat of July", "for breakfast", "on my day off",
    "just after opening", "between two trains", "at the end of the month", "on Sunday",
    "early in spring",
)  # fmt: skip
THINGS = (
    "staff", "service", "food", "room", "music", "lighting", "price", "portion", "queue", "seating",
    "coffee", "view", "smell", "toilet", "menu", "waiter", "crowd", "heating", "garden", "dessert",
    "parking", "soup", "welcome", "floor", "owner", "atmosphere", "booking", "tea", "furniture",
    "bread",
)  # fmt: skip
VERBS = ("was", "seemed", "felt", "turned out", "looked", "stayed")
JOINTS = (", ", " and ", "; ", ", while ", ", and ", ", then ")


@dataclass(frozen=True, slots=True)
class Note:
    """A text and how good the visit was.

    Attributes:
        text: 8 to 25 words.
        score: mean strength of its graded words, in [-1, 1]; 0 is neither good nor bad.
    """

    text: str
    score: float


def write_note(rng: random.Random) -> Note:
    """Return one note drawn with ``rng``."""
    while True:
        mood = rng.uniform(-1, 1)
        clauses = [
            _write_clause(rng, thing, mood) for thing in rng.sample(THINGS, rng.choice((2, 3)))
        ]
        said = clauses[0][0]
        for words, _ in clauses[1:]:
            said += rng.choice(JOINTS) + words
        text = _join_setting(rng, said)
        if MIN_WORDS <= len(text.split()) <= MAX_WORDS:
            return Note(text, sum(strength for _, strength in clauses) / len(clauses))


def _write_clause(rng: random.Random, thing: str, mood: float) -> tuple[str, float]:
    """Return what is said of one thing, and how strongly."""
    wanted = max(-1.0, min(1.0, mood + rng.uniform(-WOBBLE, WOBBLE)))
    level = min(STRENGTHS, key=lambda strength: abs(strength - wanted))
    word = rng.choice(STRENGTHS[level])
    degree = rng.choice(tuple(DEGREES)) if rng.random() < 0.4 else ""
    strength = max(-1.0, min(1.0, level * DEGREES.get(degree, 1.0)))
    said = f"the {thing} {rng.choice(VERBS)} {degree} {word}"
    return " ".join(said.split()), strength


def _join_setting(rng: random.Random, said: str) -> str:
    """Return the note with where and when it was, in one of a few orders."""
    where = f"{rng.choice(ARRIVALS)} the {rng.choice(PLACES)} {rng.choice(SPOTS)}"
    when = rng.choice(TIMES)
    first = said[0].upper() + said[1:]
    forms = (
        f"{where} {when}: {said}.",
        f"{when[0].upper()}{when[1:]}, {where[0].lower()}{where[1:]}. {first}.",
        f"{first}. {where}, {when}.",
        f"{where} {when}. {first}.",
    )
    return rng.choice(forms)
