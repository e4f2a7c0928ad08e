"""Texts that somebody else wrote, made fit to be written and shown."""

import re
import unicodedata

# Control characters, those that turn the direction of what follows, invisible ones, halves of surrogate pairs, and
# the separators that some readers take for the end of a line.
UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
JOINER = "\u200d"  # inside many emoji
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$&<])")
MOVES = re.compile(r"\x1b\[A|[\r\n]|[^\x1b\r\n]+|\x1b")


def sound(text: str) -> str:
    r"""A text that can be written as UTF-8, with ? for the halves of surrogate pairs, which JSON and Python allow.

    Example:
        >>> sound("a\ud800b")
        'a?b'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def printable(text: str, limit: int | None = None, lines: bool = False) -> str:
    r"""A text that moves no cursor, turns no line round and hides nothing where it is shown.

    Args:    text: of somebody else's.
             limit: characters kept; an ellipsis stands for the rest.
             lines: keep the ends of lines, and tabs; without, they are blanks.
    Returns: the text with a question mark in a box for each character that does not print.

    Example:
        >>> printable("name\x1b]0;x\x07\nand more", limit=12)
        'name�]0;x� …'
    """
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter, lines) for letter in text)


def _shown(letter: str, lines: bool) -> str:
    if letter in "\n\t":
        return letter if lines else " "
    if letter == JOINER or unicodedata.category(letter) not in UNPRINTABLE:
        return letter
    return "\ufffd"


def as_markdown(text: str) -> str:
    r"""A text in Markdown that shows as itself: no mark-up, no formula, no HTML.

    Example:
        >>> as_markdown("a_b <i>")
        'a\\_b \\<i\\>'
    """
    return MARKDOWN.sub(r"\\\1", printable(text))


def screen(text: str) -> list[str]:
    r"""The lines that a terminal shows in the end: of a progress bar, its last state; nested bars move up again.

    Example:
        >>> screen("10 %\r100 %\ndone")
        ['100 %', 'done']
    """
    lines: list[list[str]] = [[]]
    row = column = 0
    for piece in MOVES.findall(text):
        if piece == "\x1b[A":
            row = max(row - 1, 0)
        elif piece == "\r":
            column = 0
        elif piece == "\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append([])
        else:
            line = lines[row]
            line += [" "] * (column - len(line))
            line[column : column + len(piece)] = piece
            column += len(piece)
    return ["".join(line) for line in lines]
