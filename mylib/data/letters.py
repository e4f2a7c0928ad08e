"""Capital letters, printed: what a net that knows digits has never seen."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

# Upright and slanted, with and without serifs, of one width: all have A to Z.
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Italic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmmi10", "cmb10"),
)
SIDE, BOX = 28, 20.0  # pixels of an image, and of the longer side of a letter before it is turned
DRAWN = 40  # pixels of the longer side of the letter that is looked up
TURN, SHEAR, SIZE, SHIFT = 12.0, 0.15, 0.12, 1.5  # largest: degrees, slope, share, pixels


class Letters(NamedTuple):
    """Pictures of capital letters.

    Args:    images: light on dark, float32 in [0, 1]. Shape (n, 1, 28, 28).
             labels: 0 for A to 25 for Z. int64, shape (n,).
             fonts: number of the font in `mylib.data.letters.FONTS`. int64, shape (n,).
    """

    images: np.ndarray
    labels: np.ndarray
    fonts: np.ndarray


def letters(seed=0, count=1000):
    r"""A to Z in the layout of MNIST: light on dark, 28 x 28, the longer side about 20 pixels, in the middle.

    Each is drawn in one of fourteen fonts that matplotlib ships, turned by up to 12 degrees, slanted, made up to 12 %
    smaller or larger and moved by up to 1.5 pixels. It imitates sets such as EMNIST and notMNIST, as something outside
    of the digits. It leaves out handwriting: strokes are printed, so that a net may tell letters by their edges as
    well as by their form. O and I are nearly digits; S, Z and B are like 5, 2 and 8.

    Args:    seed: of letters, fonts and places.
             count: number of pictures.
    Returns: `Letters`, in random order.
    Raises:  ValueError: count below 1.

    Example:
        >>> some = letters(count=5)
        >>> some.images.shape, some.images.dtype, int(some.labels.max()) < 26
        ((5, 1, 28, 28), dtype('float32'), True)

    Source:  the fonts DejaVu, STIX and Computer Modern, as shipped with matplotlib. Differs: none.
    """
    if count < 1:
        raise ValueError(f"letters: expected count of at least 1, got {count}; 26 gives about one of each letter")
    rng = np.random.default_rng(seed)
    labels, fonts = rng.integers(0, 26, count), rng.integers(0, len(FONTS), count)
    limits = np.array([np.radians(TURN), SHEAR, SIZE, SHIFT, SHIFT])[:, None]
    turn, shear, size, *shift = (limits * rng.uniform(-1, 1, (5, count))).astype(np.float32)
    images = _looked_up(_alphabets()[fonts, labels], turn, shear, 1 + size, shift)
    return Letters(images[:, None], labels, fonts)


def _looked_up(glyphs, turn, shear, size, shift):
    """Each pixel of each image, as the mean of four places in its glyph. Shape (n, 28, 28)."""
    places = ((np.arange(2 * SIDE) + 0.5) / 2 - SIDE / 2).astype(np.float32)  # of halves of pixels, from the middle
    down, right = np.meshgrid(places, places, indexing="ij")
    down, right = (one[None] - by[:, None, None] for one, by in zip((down, right), shift, strict=True))
    sin, cos, shear = (one[:, None, None] for one in (np.sin(turn), np.cos(turn), shear))
    row, column = cos * down - sin * right, sin * down + cos * right
    column = column + shear * row
    scale = (DRAWN / BOX / size)[:, None, None]
    middle = (glyphs.shape[1] - 1) / 2
    ink = _between(glyphs, row * scale + middle, column * scale + middle)
    return ink.reshape(len(glyphs), SIDE, 2, SIDE, 2).mean(axis=(2, 4), dtype=np.float32)


def _between(glyphs, row, column):
    """Values between pixels, linear in both directions; 0 outside of the paper. Shape of row."""
    high = glyphs.shape[1] - 1.001
    inside = (row >= 0) & (row <= high) & (column >= 0) & (column <= high)
    row, column = np.clip(row, 0, high), np.clip(column, 0, high)
    top, left = row.astype(np.int32), column.astype(np.int32)
    down, right = (row - top).astype(np.float32), (column - left).astype(np.float32)
    which = np.arange(len(glyphs))[:, None, None]
    above = glyphs[which, top, left] * (1 - right) + glyphs[which, top, left + 1] * right
    below = glyphs[which, top + 1, left] * (1 - right) + glyphs[which, top + 1, left + 1] * right
    return (above * (1 - down) + below * down) * inside


@functools.lru_cache(maxsize=1)
def _alphabets():
    """A to Z of each font, the longer side 40 pixels, in the middle of a square. Shape (fonts, 26, side, side)."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    side = DRAWN + 10
    drawn = np.zeros((len(FONTS), 26, side, side), np.float32)
    for number, name in enumerate(FONTS):
        font = FT2Font(str(folder / f"{name}.ttf"))
        for letter in range(26):
            drawn[number, letter] = _in_the_middle(_bitmap(font, chr(ord("A") + letter)), side)
    drawn.setflags(write=False)
    return drawn


def _bitmap(font, letter):
    """Without its empty edges, in the size at which its longer side has 40 pixels."""
    size = 100.0
    for _ in range(2):  # the first time tells how large it is
        font.set_size(size, 72)
        font.set_text(letter)
        font.draw_glyphs_to_bitmap(antialiased=True)
        pixels = np.asarray(font.get_image(), np.float32) / 255
        rows, columns = (np.flatnonzero(pixels.max(axis=axis)) for axis in (1, 0))
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        size *= DRAWN / max(pixels.shape)
    return pixels[:DRAWN, :DRAWN]


def _in_the_middle(pixels, side):
    before = [(side - length) // 2 for length in pixels.shape]
    after = [side - length - one for length, one in zip(pixels.shape, before, strict=True)]
    return np.pad(pixels, list(zip(before, after, strict=True)))
