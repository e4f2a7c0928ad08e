"""What a slide says beside what was measured: the card, the verdict over seeds, the error, what is collected."""

import json

import numpy as np
import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from mylib import claims, syllabus

NAME = "mlp-learns-mnist"
CLAIM = syllabus.claim(NAME)


@pytest.fixture
def cards(monkeypatch):
    """The cards that were displayed, as parsed HTML."""
    shown = []
    monkeypatch.delenv("MYLIB_CLAIMS", raising=False)
    monkeypatch.setattr(claims, "recorded", lambda topic: {})
    monkeypatch.setattr(claims, "display", lambda card: shown.append(BeautifulSoup(card.data, "html.parser")))
    return shown


@pytest.fixture
def collected(monkeypatch, tmp_path, cards):
    """The rows that were written while claims are collected."""
    path = tmp_path / "claims.jsonl"
    monkeypatch.setenv("MYLIB_CLAIMS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def record(**changes):
    options = {
        "holds": True,
        "criterion": "more than 95 %",
        "measured": {"accuracy (%)": 98.765},
        "scale": "5,000 digits",
    } | changes
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
        "Holds if": "more than 95 %",
        "Measured here": "accuracy (%): 98.77; updates: 79,400",
        "Our scale": "5,000 digits",
        "Verdict": "reproduced",
    }


def test_the_card_gives_the_reason_of_a_weaker_verdict(cards):
    record(verdict="direction only", why="a tenth of the digits")
    assert rows(cards[0])["Verdict"] == "direction only: a tenth of the digits"


def before(monkeypatch, *holds, **changes):
    """Say that `mylib claims` has measured it with so many seeds."""
    run = claims.Measured(0, True, "reproduced", "", "c", "s", {"accuracy (%)": 1})
    runs = [replace(run, seed=seed, holds=one, measured={"accuracy (%)": 10 * seed}) for seed, one in enumerate(holds)]
    monkeypatch.setattr(claims, "recorded", lambda topic: {NAME: [replace(one, **changes) for one in runs]})


@pytest.mark.parametrize("verdict", claims.VERDICTS)
def test_every_verdict_has_a_colour_of_its_own_that_can_be_read(verdict):
    assert list(claims.COLOURS.values()).count(claims.COLOURS[verdict]) == 1
    assert contrast_with_white(claims.COLOURS[verdict]) >= 4.5


def contrast_with_white(colour):
    """WCAG 2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (0.05 + sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


def test_a_claim_that_does_not_hold_is_not_reproduced_and_that_is_a_result(cards):
    record(holds=False)
    assert rows(cards[0])["Verdict"] == "not reproduced"


def test_holds_may_be_numpys_own_boolean(cards):
    record(holds=np.float64(1.0) > np.float64(2.0))
    record(holds=np.float64(2.0) > np.float64(1.0))
    assert [rows(card)["Verdict"] for card in cards] == ["not reproduced", "reproduced"]


@pytest.mark.parametrize("kind", ["theorem", "count"])
def test_a_theorem_or_a_count_must_hold(cards, monkeypatch, kind):
    monkeypatch.setattr(syllabus, "claim", lambda name: replace(CLAIM, kind=kind))
    with pytest.raises(claims.ClaimError, match=f"{NAME} does not hold: measured .*98.765.*, and it is a {kind}"):
        record(holds=False)


def test_an_experiment_that_comes_out_otherwise_on_this_machine_says_so(cards, monkeypatch):
    before(monkeypatch, True, True)
    record(holds=False)
    assert rows(cards[0])["Seeds"] == "met with 2 of 2; not met in this run"
    assert rows(cards[0])["Verdict"] == "reproduced"


def test_the_card_gives_the_verdict_over_all_seeds_and_their_spread(cards, monkeypatch):
    before(monkeypatch, True, False, True)
    record(holds=True, chance={"accuracy (%)": 10})
    record(holds=False)
    assert [rows(card)["Verdict"] for card in cards] == ["not reproduced"] * 2
    assert [rows(card)["Seeds"] for card in cards] == ["met with 2 of 3", "met with 2 of 3; not met in this run"]
    assert rows(cards[0])["Measured here"] == "accuracy (%): 98.77 (chance 10; over seeds 10 ± 10)"


def test_the_verdict_over_seeds_is_the_weakest(cards, monkeypatch):
    before(monkeypatch, True, True, verdict="direction only", why="small")
    record()
    assert rows(cards[0])["Verdict"] == "direction only: small"


def test_what_cannot_be_tested_here_says_why_and_does_not_claim_to_hold(cards):
    record(holds=None, verdict="not testable here", why="needs a million images")
    assert rows(cards[0])["Verdict"] == "not testable here: needs a million images"


@pytest.mark.parametrize(
    ("holds", "verdict"), [(True, "not testable here"), (False, "not testable here"), (None, "reproduced")]
)
def test_a_claim_that_is_measured_must_be_able_to_fail(cards, holds, verdict):
    with pytest.raises(ValueError, match="expected holds=None with the verdict 'not testable here' and only with it"):
        record(holds=holds, verdict=verdict, why="because")
    assert cards == []


def test_a_claim_needs_a_criterion_and_chance_is_of_something_measured(cards):
    with pytest.raises(ValueError, match="expected a criterion, got none"):
        record(criterion=" ")
    with pytest.raises(ValueError, match=r"expected chance= for quantities of measured=, got \['accuracy'\]"):
        record(chance={"accuracy": 10})
    assert cards == []


def test_what_is_infinite_is_said_in_words(cards):
    record(measured={"updates": float("inf"), "ratio": float("nan")})
    assert rows(cards[0])["Measured here"] == "updates: infinite; ratio: undefined"


def test_a_theorem_is_called_one(cards, monkeypatch):
    monkeypatch.setattr(syllabus, "claim", lambda name: replace(CLAIM, kind="theorem"))
    record()
    assert rows(cards[0])["Verdict"] == "reproduced (theorem)"


def test_a_file_of_another_version_is_refused(tmp_path, monkeypatch):
    topic = syllabus.home(NAME)
    monkeypatch.setattr(syllabus, "ROOT", tmp_path)
    assert claims.recorded(topic) == {}
    (tmp_path / topic.measured).parent.mkdir(parents=True)
    (tmp_path / topic.measured).write_text('{"a": [{"colour": 1}]}')
    with pytest.raises(ValueError, match="claims.json: .*; run `mylib claims --topic"):
        claims.recorded(topic)


def test_while_claims_are_collected_a_failing_one_is_written_instead_of_raised(collected, cards):
    record(holds=False, measured={"accuracy (%)": np.float32(0.5), "updates": np.int64(12345)})
    record(verdict="direction only", why="fewer digits")
    first, second = collected()
    assert first == {
        "name": NAME,
        "seed": -1,
        "holds": False,
        "verdict": "reproduced",
        "why": "",
        "criterion": "more than 95 %",
        "scale": "5,000 digits",
        "measured": {"accuracy (%)": 0.5, "updates": 12345},
        "chance": {},
    }
    assert (second["holds"], second["verdict"], second["why"]) == (True, "direction only", "fewer digits")
    assert rows(cards[0])["Verdict"] == "not reproduced"


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


@pytest.mark.parametrize("verdict", ["proved", "not reproduced"])
def test_a_verdict_that_is_not_to_be_given_is_refused(cards, verdict):
    with pytest.raises(ValueError, match=f"expected a verdict of .*got '{verdict}'; 'not reproduced' follows"):
        record(verdict=verdict)
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
        (float("nan"), "undefined"),
        (float("inf"), "infinite"),
    ],
)
def test_numbers_have_four_digits_and_thousands_are_marked(value, text):
    assert claims.number(value) == text
