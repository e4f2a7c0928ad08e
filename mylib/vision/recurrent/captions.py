"""Sentences about digit scenes: what the caption experiment learns to say."""

import numpy as np

from mylib import data

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = ("<start>", "<end>", "a", "an", "left", "of", "above", *DIGITS)
START, END = 0, 1
LENGTH = 8  # of the longest sentence, "<start> a three left of a seven <end>"


def describe(boxes, labels):
    """Say where two digits are to each other, along the axis on which they are further apart.

    Args:    boxes: x1, y1, x2, y2 of each. Shape (2, 4).
             labels: the digits. Shape (2,).
    Returns: a sentence.
    Raises:  ValueError: not two digits.

    Example:
        >>> describe(np.array([[40, 5, 50, 20], [3, 0, 20, 18]]), [7, 3])
        'a three left of a seven'

    Source:  this course.
    """
    if len(boxes) != 2 or len(labels) != 2:
        raise ValueError(f"describe: expected two digits, got {len(boxes)} boxes and {len(labels)} labels")
    centres = (np.asarray(boxes)[:, :2] + np.asarray(boxes)[:, 2:]) / 2
    across, down = np.abs(centres[0] - centres[1])
    axis, relation = (0, "left of") if across >= down else (1, "above")
    first, second = (DIGITS[labels[k]] for k in np.argsort(centres[:, axis], kind="stable"))
    return f"{_with_article(first)} {relation} {_with_article(second)}"


def _with_article(noun):
    return f"{'an' if noun == 'eight' else 'a'} {noun}"


def encode(sentence):
    """The numbers of a sentence's words between <start> and <end>, padded with <end>. int64, shape (LENGTH,).

    Args:    sentence: words of `WORDS` with spaces between them.
    Returns: array.
    Raises:  ValueError: an unknown word, or too many words.

    Example:
        >>> encode("a one above a two").tolist()
        [0, 2, 8, 6, 2, 9, 1, 1]

    Source:  elementary.
    """
    words = ["<start>", *sentence.split()]
    unknown = [word for word in words if word not in WORDS]
    if unknown or len(words) >= LENGTH:
        raise ValueError(f"encode: expected up to {LENGTH - 2} words of {WORDS[2:]}, got {sentence!r}; rephrase it")
    words += ["<end>"] * (LENGTH - len(words))
    return np.array([WORDS.index(word) for word in words], np.int64)


def decode(numbers):
    """The sentence of word numbers, up to the first <end>.

    Args:    numbers: integers below len(WORDS). Shape (time,).
    Returns: a sentence.

    Example:
        >>> decode([0, 2, 8, 6, 2, 9, 1, 1])
        'a one above a two'

    Source:  elementary.
    """
    words = []
    for number in numbers:
        if number == END:
            break
        if number != START:
            words.append(WORDS[number])
    return " ".join(words)


def middles(boxes, labels, size):
    """Which digit has its middle in each cell of 8 x 8 pixels: 0 for none, else the digit plus 1.

    Args:    boxes: x1, y1, x2, y2. Shape (k, 4).
             labels: the digits. Shape (k,).
             size: height and width of the picture.
    Returns: int64, shape (size / 8, size / 8).

    Example:
        >>> middles(np.array([[8, 0, 12, 6]]), [7], size=16).tolist()
        [[0, 8], [0, 0]]

    Source:  this course, after Redmon et al. (2016): the cell that holds the middle answers for the object.
    """
    cells = np.zeros((size // 8, size // 8), np.int64)
    for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
        cells[int((y1 + y2) / 16), int((x1 + x2) / 16)] = label + 1
    return cells


def captioned_scenes(seed=0, count=100, size=48, part="train"):
    """Scenes of two digits that do not cover each other, each with its sentence.

    Args:    seed, count, size, part: as in `data.digit_scenes`.
    Returns: images, shape (count, 3, size, size); encoded sentences, int64, shape (count, LENGTH); and `middles`, shape
             (count, size / 8, size / 8).

    Example:
        >>> images, sentences, cells = captioned_scenes(count=2)
        >>> images.shape, sentences.shape, cells.shape
        ((2, 3, 48, 48), (2, 8), (2, 6, 6))

    Source:  this course.
    """
    scenes = data.digit_scenes(seed, count, size, digits=(2, 2), scale=(0.8, 1.1), visible=0.95, part=part)
    pairs = list(zip(scenes.boxes, scenes.labels, strict=True))
    sentences = np.stack([encode(describe(boxes, labels)) for boxes, labels in pairs])
    return scenes.images, sentences, np.stack([middles(boxes, labels, size) for boxes, labels in pairs])
