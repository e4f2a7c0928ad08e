"""How good a sequence is, beside what people wrote: BLEU and the error rate. Both sides use these."""

import math
from collections import Counter

import numpy as np

from mylib.shared import expect_range


def bleu(candidates, references, order=4):
    r"""BLEU of a whole corpus: how many of the n-grams are right, with a penalty for being short.

    BLEU = min(1, e^{1 - r/c}) (p_1 p_2 ... p_N)^{1/N}, where p_n is the share of the candidates' n-grams that stand
    in a reference, each counted at most as often as it stands in one of them; c is the length of all candidates, and
    r that of the references, for each candidate of the one nearest to it in length (the shorter of two as near).

    Args:    candidates: sequences of tokens (anything that can be compared and hashed).
             references: for each candidate a list of one or more right sequences.
             order: N, the longest n-grams that count, at least 1.
    Returns: a number between 0 and 1; 0 where no n-gram of some order is right.
    Raises:  ValueError: no candidates, not one list of references for each, a candidate without any, or order below 1.
             TypeError: a sequence that is one string.
    Source:  Papineni et al. (2002). Differs: none; nothing is smoothed. Table 2 of Vaswani et al. prints 100 BLEU.

    Example:
        >>> bleu([["the"] * 7], [[["the", "cat", "is", "on", "the", "mat"]]], order=1)  # the paper's example: 2 / 7
        0.2857142857142857
    """
    _check_corpus("bleu", candidates, references)
    expect_range("bleu", 1, None, "4 is usual", order=order)
    right, total = [0] * order, [0] * order
    length = nearest = 0
    for candidate, choices in zip(candidates, references, strict=True):
        length += len(candidate)
        nearest += min((abs(len(choice) - len(candidate)), len(choice)) for choice in choices)[1]
        for n in range(1, order + 1):
            found = _ngrams(candidate, n)
            allowed = Counter()
            for choice in choices:
                allowed |= _ngrams(choice, n)  # the larger count of each
            right[n - 1] += (found & allowed).total()
            total[n - 1] += found.total()
    if not all(right):
        return 0.0
    precision = math.exp(sum(math.log(r / t) for r, t in zip(right, total, strict=True)) / order)
    return min(1.0, math.exp(1 - nearest / length)) * precision


def phoneme_error_rate(candidates, references):
    r"""Insertions, deletions and substitutions that turn the candidates into references, per phoneme of these.

    Args:    candidates: sequences of phonemes.
             references: for each candidate a list of right sequences; the one with the fewest errors counts, the longer
                 of two as near.
    Returns: a number of at least 0; above 1 where more is wrong than there is.
    Raises:  ValueError: as `bleu`, or references without a phoneme. TypeError: a sequence that is one string.
    Source:  Levenshtein (1966); with several references as Yao, Zweig (2015). Differs: none.

    Example:
        >>> phoneme_error_rate([["K", "AE", "T"]], [[["K", "AE", "T", "S"]]])
        0.25
    """
    _check_corpus("phoneme_error_rate", candidates, references)
    errors = length = 0
    for candidate, choices in zip(candidates, references, strict=True):
        fewest, negative_length = min((_edits(candidate, choice), -len(choice)) for choice in choices)
        errors, length = errors + fewest, length - negative_length
    if not length:
        raise ValueError("phoneme_error_rate: expected references with at least one phoneme, got none")
    return errors / length


def _ngrams(sequence, n):
    return Counter(tuple(sequence[start : start + n]) for start in range(len(sequence) - n + 1))


def _edits(a, b):
    """The Levenshtein distance, a row of its table at a time."""
    row = np.arange(len(b) + 1)
    for position, symbol in enumerate(a, 1):
        differs = np.array([symbol != other for other in b], int)
        # Without insertions first; these then spread from left to right, one more error a step.
        row = np.concatenate([[position], np.minimum(row[1:] + 1, row[:-1] + differs)])
        row = np.minimum.accumulate(row - np.arange(len(row))) + np.arange(len(row))
    return int(row[-1])


def _check_corpus(operation, candidates, references):
    if not len(candidates) or len(candidates) != len(references):
        raise ValueError(
            f"{operation}: expected at least one candidate and a list of references for each, got {len(candidates)} "
            f"and {len(references)}"
        )
    for candidate, choices in zip(candidates, references, strict=True):
        if not len(choices):
            raise ValueError(f"{operation}: expected at least one reference for each candidate, got none")
        if any(isinstance(sequence, str) for sequence in (candidate, *choices)):
            raise TypeError(
                f"{operation}: expected sequences of tokens, got a string; split it, or wrap the reference in a list"
            )
