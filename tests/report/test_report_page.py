"""The page says what is so, runs nothing and can be read by everybody."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from synth_local.models.card import Card, HasSeen
from synth_local.report.data import CorpusPart, ModelPart, ReportData, RunPart, Sample
from synth_local.report.page import SECTIONS, start_page
from synth_local.report.write import draw_figures, render_files
from tests.report.made_report import (
    EMOTIONS,
    HOSTILE,
    judge,
    make_data,
    make_summary,
    make_task,
)
from tests.report.page_reader import Element, PageReader


def render(data: ReportData, **options: Any) -> str:
    return render_files(data, **options)["report.html"]


def read(data: ReportData, **options: Any) -> Element:
    return PageReader(render(data, **options)).root


def make_small(**changes: Any) -> ReportData:
    data = make_data((make_task(),), ("qwen2.5-7b-instruct",), ("few_shot",), ("tfidf-logreg",))
    return replace(data, **changes)


@cache
def render_full() -> str:
    """Return the page of two tasks, two generators, two strategies and two students."""
    return render(make_data())


@pytest.fixture(scope="module")
def page() -> Element:
    return PageReader(render_full()).root


def get_section(page: Element, name: str) -> Element:
    return next(one for one in page.find("section") if one.attributes["id"] == name)


# ------------------------------------------------------------------------------------ what it says


def list_open(element: Element) -> list[Element]:
    """Return what a reader sees before opening anything; drawings count as one element."""
    if element.tag == "details":
        return []
    if element.tag == "svg":
        return [element]
    return [element] + [one for child in element.children for one in list_open(child)]


def test_the_answer_comes_first_and_is_the_verdict_with_its_interval(page: Element) -> None:
    first = page.find("section")[0]
    text = first.all_text()
    assert first.attributes["id"] == "answer"
    assert "Worse than the same number of real texts by more than 0.02, for this corpus" in text
    assert "difference −0.080 [−0.107, −0.053] macro-F1, a loss" in text  # noqa: RUF001
    assert "Interval widened for the best of 4; test items only [−0.094, −0.066]" in text  # noqa: RUF001
    assert "83% of what real teaches above the floor of 0.500" in text


def test_before_folds_stand_the_answers_with_one_figure_for_each_task(page: Element) -> None:
    seen = list_open(page.find("body")[0])
    words = " ".join(one.text for one in seen if one.tag == "#text").split()
    assert len([one for one in seen if one.tag == "svg"]) == 2
    assert len(words) < 1000
    assert len(page.find("svg")) <= 12  # of the whole page
    for section in page.find("section")[1:]:
        [fold] = [child for child in section.children if child.tag == "details"]
        assert "open" not in fold.attributes
        target = f"{section.attributes['id']}-inside"
        # a link to what is inside opens the fold
        assert [one for one in fold.all() if one.attributes.get("id") == target]
        assert [one for one in page.find("a") if one.attributes.get("href") == f"#{target}"]


@pytest.mark.parametrize(
    ("split", "num_rows", "is_more"),
    [
        ("pool", 297, False),
        ("pool", None, False),
        ("train", 200, False),
        ("train", 298, True),
        ("train", None, True),
        ("test", 1000, True),
    ],
)
def test_more_than_the_pool_is_a_count_or_an_unknown(
    split: Any, num_rows: int | None, is_more: bool
) -> None:
    seen = HasSeen(task="sms_spam", split=split, num_rows=num_rows)
    data = make_small(models=(ModelPart(Card(name="g", has_seen=(seen,))),))
    assert bool(data.find_seen(data.tasks[0], "g")) is is_more


def test_one_seed_has_no_verdict_and_its_spread_is_undefined_not_zero() -> None:
    task = make_task()
    summary, results = make_summary((task,), ("g",), ("few_shot",), ("s",), seeds=(0,))
    page = read(judge(make_small(summary=summary, results=results)))
    answer = get_section(page, "answer").all_text()
    assert "No verdict" in answer
    assert "one training of a student that draws random numbers" in answer
    results_text = get_section(page, "results").all_text()
    assert "undefined (one seed)" in results_text
    assert "predicted label, one training." in results_text


def test_everything_that_is_missing_has_a_name() -> None:
    data = make_small(missing=("cell a__b failed: out of memory",))
    assert data.summary
    short = replace(data.corpora[0].manifest, complete=False, shortfall="spam: 284 of 300 rows")
    data = replace(
        data,
        corpora=(CorpusPart(short, None),),
        summary=replace(data.summary, omitted=("x against y: no seed in common",)),
    )
    missing = get_section(read(data), "missing").all_text()
    assert "cell a__b failed: out of memory" in missing
    assert "spam: 284 of 300 rows" in missing
    assert "was not measured" in missing
    assert "not compared: x against y: no seed in common" in missing


def test_counts_that_do_not_add_up_are_named() -> None:
    data = make_small(summary=None, results=())
    wrong = replace(data.corpora[0].manifest, admitted={"ham": 9, "spam": 9})
    curation = get_section(read(replace(data, corpora=(CorpusPart(wrong),))), "curation")
    assert "The counts do not add up" in curation.all_text()
    assert "do not add up" not in get_section(read(data), "curation").all_text()


def test_an_empty_run_still_gives_a_page() -> None:
    data = ReportData(run=RunPart(name="nothing", fingerprint="00"), tasks=(make_task(),))
    page = PageReader(render(data))
    assert not page.problems
    assert "there is no answer yet" in page.root.all_text()


def test_real_texts_appear_only_where_they_were_asked_for() -> None:
    samples = (Sample("spam", "made text", ("REALEXEMPLAR",), "REALNEIGHBOUR"),)
    data = make_small()
    data = replace(data, corpora=(replace(data.corpora[0], samples=samples),))
    hidden = "\n".join(render_files(data).values())
    shown = render(data, show_real=True)
    assert "made text" in hidden
    assert "REALEXEMPLAR" not in hidden
    assert "REALNEIGHBOUR" not in hidden
    assert "real texts are not shown" in hidden
    assert "REALEXEMPLAR" in shown
    assert "REALNEIGHBOUR" in shown
    assert "treat it like the data" in shown


# ------------------------------------------------------------------------------ what it is made of


def make_hostile() -> ReportData:
    """Put hostile text into every place that takes text from outside."""
    label, task_name = HOSTILE[0], HOSTILE[1]
    task = make_task(task_name, (label, HOSTILE[2]))
    data = make_data((task,), (HOSTILE[3],), (HOSTILE[4],), (HOSTILE[5],))
    engine = {
        "name": HOSTILE[0],
        "version": HOSTILE[1],
        "dtype": HOSTILE[2],
        "notes": list(HOSTILE),
    }
    manifest = replace(
        data.corpora[0].manifest,
        engine=engine,
        shortfall=HOSTILE[1],
        complete=False,
        drops={label: {HOSTILE[0]: 3, HOSTILE[4]: 2}},
        grade=HOSTILE[1],
    )
    samples = tuple(Sample(label, text, HOSTILE, text) for text in HOSTILE)
    seen = HasSeen(task=task_name, split="train", num_rows=None, note=HOSTILE[1])
    card = Card(name=HOSTILE[3], license=HOSTILE[1], has_seen=(seen,))
    return replace(
        data,
        corpora=(CorpusPart(manifest, None, samples),),
        models=(ModelPart(card, None, HOSTILE),),
        missing=HOSTILE,
        run=RunPart(HOSTILE[1], HOSTILE[0], HOSTILE[1], "\n".join(HOSTILE), {HOSTILE[0]: 1.0},
                    {HOSTILE[1]: HOSTILE[0]}, HOSTILE[1]),
    )  # fmt: skip


@cache
def render_hostile() -> dict[str, str]:
    return render_files(make_hostile(), show_real=True)


def test_no_element_and_no_attribute_comes_from_data() -> None:
    page = PageReader(render_hostile()["report.html"])
    assert not page.problems
    allowed = {one.tag for one in PageReader(render_full()).root.all()}
    assert {one.tag for one in page.root.all()} <= allowed
    assert "script" not in allowed
    assert "img" not in allowed
    for element in page.root.all():
        assert not [name for name in element.attributes if name.startswith("on")]


def test_hostile_text_is_shown_as_text() -> None:
    page = PageReader(render_hostile()["report.html"]).root
    text = page.all_text()
    for hostile in HOSTILE[:5]:
        assert hostile in text
    assert "49" not in get_section(page, "samples").all_text()
    assert "\x00" not in text
    assert "\ud800" not in text
    assert "\u202e" not in text  # it would turn the sentence around


def test_hostile_names_stay_in_the_folder_and_every_file_is_utf_8() -> None:
    for name, text in render_hostile().items():
        assert re.fullmatch(r"(report\.html|(figures|tables)/[a-z0-9_+.-]+\.(svg|csv|tex))", name)
        assert ".." not in name
        text.encode("utf-8")


def test_hostile_labels_cannot_leave_a_figure() -> None:
    for name, text in render_hostile().items():
        if name.endswith(".svg"):
            tags = {one.tag.rpartition("}")[2] for one in ET.fromstring(text).iter()}  # noqa: S314
            assert tags <= {"svg", "title", "desc", "defs", "style", "g", "path", "text", "use",
                            "clipPath", "rect", "pattern", "tspan"}  # fmt: skip


def test_the_page_may_load_nothing() -> None:
    html = render_full()
    page = PageReader(html).root
    policy = [one for one in page.find("meta") if "http-equiv" in one.attributes]
    assert policy[0].attributes["http-equiv"] == "Content-Security-Policy"
    assert (
        policy[0].attributes["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    )
    assert "script-src" not in policy[0].attributes["content"]
    assert not re.search(r"https?:|//[a-z]|@import", html)
    for element in page.all():
        for name in ("src", "href", "xlink:href"):
            assert element.attributes.get(name, "#").startswith("#")


def test_tags_nest_and_ids_are_unique() -> None:
    page = PageReader(render_full())
    assert not page.problems
    ids = Counter(one.attributes["id"] for one in page.root.all() if "id" in one.attributes)
    assert not [name for name, count in ids.items() if count > 1]
    for element in page.root.all():
        for name in ("aria-labelledby", "aria-describedby"):
            assert element.attributes.get(name, next(iter(ids))) in ids
        target = element.attributes.get("href", "")
        assert not target or target[1:] in ids
        for clip in re.findall(r"url\(#([^)]+)\)", " ".join(element.attributes.values())):
            assert clip in ids


def test_a_reader_without_eyes_or_mouse_gets_it_all(page: Element) -> None:
    assert page.find("html")[0].attributes["lang"] == "en"
    assert [len(page.find(tag)) for tag in ("main", "nav", "header", "footer", "h1")] == [1] * 5
    for table in page.find("table"):
        assert table.find("caption")[0].all_text().strip()
        for cell in table.find("th"):
            assert cell.attributes["scope"] in ("col", "row")
    for svg in page.find("svg"):
        assert svg.attributes["role"] == "img"
        assert svg.find("title")[0].all_text()
        assert len(svg.find("desc")[0].all_text()) > 40
    for region in page.find("div"):
        if region.attributes.get("class") == "scroll":
            assert region.attributes["tabindex"] == "0"
    assert page.find("a")[0].attributes["class"] == "skip"


def test_headings_go_down_one_level_at_a_time(page: Element) -> None:
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch("h[1-6]", one.tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_same_records_give_the_same_bytes() -> None:
    assert render_files(make_small()) == render_files(make_small())


def test_a_normal_run_is_small() -> None:
    assert len(render_full().encode()) < 1_000_000


@pytest.mark.slow
def test_a_huge_run_stays_under_five_megabytes_and_names_what_was_left_out() -> None:
    tasks = tuple(make_task(f"task{i}", tuple(EMOTIONS)) for i in range(6))
    data = make_data(tasks, tuple(f"generator{i}" for i in range(4)), ("zero_shot", "few_shot"),
                     ("scratch-bert", "bert-base-uncased", "tfidf-logreg"))  # fmt: skip
    long = tuple(Sample(label, "x" * 50_000) for label in EMOTIONS for _ in range(5))
    data = replace(data, corpora=tuple(replace(part, samples=long) for part in data.corpora))
    html = render(data)
    assert len(html.encode()) < 5_000_000
    assert "Left out to keep this page small: see tables/confusions.csv" in html


def test_many_figures_of_one_part_leave_room_for_those_of_the_next() -> None:
    data = make_small()
    drawings = draw_figures(data)
    [first, *_] = drawings["diversity"]
    large = replace(first, fragment=first.fragment + "<!-- -->" * 10_000, title="one of many")
    page = start_page({**drawings, "gaps": (large,) * 100})
    assert "more figures: see the folder figures" in page.draw("gaps")
    shown = page.draw("diversity")
    assert first.title in shown
    assert "more figures" not in shown
    room = [(*one.room.values(), *one.figure_room.values()) for one in SECTIONS]
    assert sum(map(sum, room)) < 4_950_000


def test_tables_hold_unrounded_numbers() -> None:
    files = render_files(make_small())
    assert "0.9700000" in files["tables/results.csv"] or "0.97," in files["tables/results.csv"]
    assert "5f3a" * 16 in files["report.html"]
    assert files["tables/models.csv"].count("ab" * 32) == 1
