"""The page of claims: what every seed measured, the verdict over all of them, and how it is kept."""

import pytest
from msgspec.structs import replace

from mylib import claims, syllabus
from mylib.classroom.publishing import claims as pages

CLAIM = syllabus.claim("mlp-solves-xor")
RUN = claims.Measured(0, True, "reproduced", "", "all solved", "s", {"a": 1.0}, {"a": 0.5})


def stub(name, number, *names):
    rows = tuple(replace(CLAIM, name=one) for one in names)
    return syllabus.Topic("vision", name, syllabus.Facts(f"Title {name}", "A deck", "slides", number, (), (), rows))


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Two topics without measurements."""
    topics = (stub("good", 1, "first", "second"), stub("bad", 2, "third"))
    for topic in topics:
        (tmp_path / topic.package).mkdir(parents=True)
    monkeypatch.setattr(syllabus, "ROOT", tmp_path)
    monkeypatch.setattr(syllabus, "topics", lambda: topics)
    return topics


def row(name, seed, **changes):
    run = replace(RUN, seed=seed, **changes)
    return {"name": name} | {key: getattr(run, key) for key in run.__struct_fields__}


def test_what_was_collected_is_kept_by_topic_and_seed(house):
    good, _ = house
    pages.keep(good, [row("first", 1), row("third", 0), row("first", 0)])
    kept = claims.recorded(good)
    assert list(kept) == ["first"]
    assert kept["first"] == [RUN, replace(RUN, seed=1)]


def test_a_claim_that_failed_with_one_seed_is_not_reproduced(house):
    pages.keep(house[0], [row("first", 0), row("first", 1, holds=False, measured={"a": 3.0})])
    text = pages.page()
    assert (
        "| [first](#first) | [Title good](01_vision/01_good.ipynb) | experiment | **not reproduced** | 1 of 2 |" in text
    )
    assert "Holds if: all solved. Met with 1 of 2 seeds." in text
    assert "Verdict: **not reproduced**." in text
    assert (
        "| measured | chance | seed 0 | seed 1 | mean ± s.d. |\n|---|---:|---:|---:|---:|\n| a | 0.5 | 1 | 3 | 2 ± 1.4"
        in text
    )
    assert (CLAIM.says in text, CLAIM.scale in text) == (True, True)


def test_the_weakest_verdict_is_given_with_its_reason(house):
    pages.keep(house[0], [row("first", 0, verdict="direction only", why="small"), row("first", 1)])
    assert "Verdict: **direction only**: small." in pages.page()


def test_a_gap_stands_where_a_seed_measured_something_else(house):
    pages.keep(house[0], [row("first", 0, measured={"a|b": 1.0}, chance={}), row("first", 1, measured={"c": 79400})])
    assert "| a\\|b |  | 1 |  |  |\n| c |  |  | 79,400 |  |" in pages.page()


def test_what_cannot_be_tested_is_not_asked(house):
    pages.keep(house[0], [row("first", 0, holds=None, verdict="not testable here", why="too small")])
    text = pages.page()
    assert "| **not testable here** | not asked |" in text
    assert "Holds if: all solved.\n" in text


def test_what_was_not_measured_is_said(house):
    assert pages.page().count("**Not measured**: the lecture records no such claim.") == 3


def test_measuring_one_topic_keeps_what_is_known_of_others(house):
    pages.keep(house[0], [row("first", 0)])
    pages.keep(house[1], [row("third", 0, measured={"b": 2.0})])
    text = pages.page()
    assert (
        text.index("## [Title good]")
        < text.index("| a | 0.5 | 1 |")
        < text.index("## [Title bad]")
        < text.index("| b |")
    )
