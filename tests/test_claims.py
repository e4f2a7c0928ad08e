"""What a slide says beside what was measured: the card, the error, and the line that is collected."""

import json

import numpy as np
import pytest
from bs4 import BeautifulSoup

from mylib import claims, syllabus

NAME = "mlp-learns-mnist"
CLAIM = syllabus.claim(NAME)


@pytest.fixture
def cards(monkeypatch):
    """The cards that were displayed, as parsed HTML."""
    shown = []
    monkeypatch.delenv("MYLIB_CLAIMS", raising=False)
    monkeypatch.setattr(claims, "display", lambda card: shown.append(BeautifulSoup(card.data, "html.parser")))
    return shown


@pytest.fixture
def collected(monkeypatch, tmp_path, cards):
    """The rows that were written while claims are collected."""
    path = tmp_path / "claims.jsonl"
    monkeypatch.setenv("MYLIB_CLAIMS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def record(**changes):
    options = {"holds": True, "measured": {"accuracy (%)": 98.765}, "scale": "5,000 digits"} | changes
    return claims.record(options.pop("name", NAME), **options)


def rows(card):
    return {row.th.text: row.td.text for row in card.select("tr")}


def test_the_card_shows_what_the_slide_says_beside_what_was_measured(cards):
    record(measured={"accuracy (%)": 98.765, "updates": 79400})
    (card,) = cards
    assert CLAIM.name in card.text
    assert rows(card) == {
        "The slide says": CLAIM.says,
        "Its number and scale": CLAIM.scale,
        "Measured here": "accuracy (%): 98.77; updates: 79,400",
        "Our scale": "5,000 digits",
        "Verdict": "reproduced",
    }


def test_the_card_gives_the_reason_of_a_weaker_verdict(cards):
    record(verdict="direction only", why="a tenth of the digits")
    assert rows(cards[0])["Verdict"] == "direction only: a tenth of the digits"


@pytest.mark.parametrize("verdict", [*claims.VERDICTS, "fails"])
def test_every_verdict_has_a_colour_of_its_own(verdict):
    assert sorted(claims.COLOURS) == sorted([*claims.VERDICTS, "fails"])
    assert list(claims.COLOURS.values()).count(claims.COLOURS[verdict]) == 1


def test_a_claim_that_does_not_hold_shows_its_card_and_raises(cards):
    with pytest.raises(claims.ClaimError, match=f"{NAME} does not hold: measured .*98.765"):
        record(holds=False)
    assert rows(cards[0])["Verdict"] == "fails"


def test_holds_may_be_numpys_own_boolean(cards):
    with pytest.raises(claims.ClaimError):
        record(holds=np.float64(1.0) > np.float64(2.0))
    record(holds=np.float64(2.0) > np.float64(1.0))
    assert [rows(card)["Verdict"] for card in cards] == ["fails", "reproduced"]


def test_not_testable_here_never_raises(cards):
    record(holds=False, verdict="not testable here", why="needs a million images")
    assert rows(cards[0])["Verdict"] == "not testable here: needs a million images"


def test_while_claims_are_collected_a_failing_one_is_written_instead_of_raised(collected, cards):
    record(holds=False, measured={"accuracy (%)": np.float32(0.5), "updates": np.int64(12345)})
    record(verdict="direction only", why="fewer digits")
    first, second = collected()
    assert first == {
        "name": NAME,
        "holds": False,
        "verdict": "reproduced",
        "why": "",
        "scale": "5,000 digits",
        "measured": {"accuracy (%)": 0.5, "updates": 12345},
    }
    assert (second["holds"], second["verdict"], second["why"]) == (True, "direction only", "fewer digits")
    assert rows(cards[0])["Verdict"] == "fails"


def test_counts_stay_counts_when_collected(collected):
    record(measured={"updates": np.int64(79400), "share": 1.0})
    (row,) = collected()
    assert (type(row["measured"]["updates"]), type(row["measured"]["share"])) == (int, float)


def test_nothing_is_written_unless_asked(cards, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_claim_is_refused_before_a_card_is_drawn(cards):
    with pytest.raises(ValueError, match="expected a claim that a topic.toml lists, got 'no-such-claim'"):
        record(name="no-such-claim")
    assert cards == []


def test_an_unknown_verdict_is_refused(cards):
    with pytest.raises(ValueError, match="expected a verdict of .*got 'proved'"):
        record(verdict="proved")
    assert cards == []


@pytest.mark.parametrize("verdict", ["direction only", "not testable here"])
def test_a_weaker_verdict_needs_a_reason(cards, verdict):
    with pytest.raises(ValueError, match=f"expected why= with the verdict '{verdict}', got none"):
        record(verdict=verdict)
    assert cards == []


def test_text_is_escaped(cards):
    record(
        measured={"<b>p</b> & q": 1},
        scale="<img src=x>",
        verdict="direction only",
        why="n < 10 & <script>alert(1)</script>",
    )
    (card,) = cards
    assert card.select("img, script") == []
    assert rows(card)["Our scale"] == "<img src=x>"
    assert rows(card)["Measured here"] == "<b>p</b> & q: 1"
    assert rows(card)["Verdict"].endswith("n < 10 & <script>alert(1)</script>")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (1234567, "1,234,567"),
        (np.int64(79400), "79,400"),
        (98.765, "98.77"),
        (np.float32(0.5), "0.5"),
        (0.1, "0.1"),
        (12345.6, "12,346"),
        (-12345.6, "-12,346"),
        (1.5e12, "1.5e+12"),
        (1.234e-5, "1.234e-05"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_four_digits_and_thousands_are_marked(value, text):
    assert claims.number(value) == text
