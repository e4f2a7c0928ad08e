"""A text cell in blocks, and what of its prose stands on a slide.

An equation, a list or a table is one block and is shown. Prose is mostly said: of a long paragraph the slide keeps the
sentences that the author has set in bold, and the words that lead to what follows.
"""

import re
from dataclasses import dataclass
from typing import Any

SHORT = 30  # words of a paragraph, or of a lead-in, that a slide shows as they are
RUN_IN = 8  # words of a sentence in bold that is only the name of the next one
KINDS = {
    "heading_open": "heading",
    "paragraph_open": "text",
    "math_block": "equation",
    "math_block_label": "equation",
    "amsmath": "equation",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
    "html_block": "html",
    "blockquote_open": "quote",
}
WHOLE = r"\$[^$]+\$|`[^`]+`|\*\*.+?\*\*|\[[^\]]*\]\([^)]*\)|\([^()]*\)"  # no sentence ends inside of these
END = r"(?<=[.!?])(?<!\bal\.)(?<!e\.g\.)(?<!i\.e\.)(?<!\b[A-Z]\.)\s+(?=[^a-z\s])"
PREDICT = re.compile(r"\*\*Predict\b")  # a task for the audience, to be read before the result


@dataclass(frozen=True)
class Block:
    """A piece of a text cell: one of `KINDS`, "picture" or "question", and its Markdown."""

    kind: str
    source: str

    @property
    def level(self) -> int:
        """Of a heading: 1 for a title."""
        return len(self.source) - len(self.source.lstrip("#")) if self.kind == "heading" else 0


def split(source: str) -> list[Block]:
    """The blocks of a text cell, in order; a question and its answer stay together.

    Args:    source: Markdown.
    """
    lines = source.split("\n")
    found: list[Block] = []
    folded: int | None = None  # the line at which an open <details> began
    for token in _parser().parse(source):
        if token.level or token.nesting < 0 or token.map is None or token.type not in KINDS:
            continue
        first, last = token.map
        text = "\n".join(lines[first:last]).strip()
        if folded is None and token.type == "html_block" and text.startswith("<details"):
            folded = first
        if folded is None:
            found.append(Block(_kind(token, text), text))
        elif "</details>" in text:
            found.append(Block("question", "\n".join(lines[folded:last]).strip()))
            folded = None
    return found


def shown(block: Block, below: bool = False) -> str:
    """What of a paragraph stands on a slide; "" where all of it is said.

    Args:    block: of the kind "text".
             below: whether it stands below a heading; its first sentence is then shown too.
    """
    text = block.source
    if len(text.split()) <= SHORT or PREDICT.match(text):
        return text
    parts = sentences(text)
    leads = parts[-1].endswith(":") and len(parts[-1].split()) <= SHORT
    kept = {at for at, part in enumerate(parts) if "**" in part}
    kept |= {at + 1 for at in kept if len(parts[at].split()) < RUN_IN}
    kept |= {0} if below else set()
    kept |= {len(parts) - 1} if leads else set()
    return " ".join(part for at, part in enumerate(parts) if at in kept)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; what is bold, in brackets, a formula or code stays whole.

    Args:    text: Markdown.

    Example:
        >>> sentences("See $a. B$ (Li et al. 2016). **One. Two.** And three.")
        ['See $a. B$ (Li et al. 2016).', '**One. Two.** And three.']
    """
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\x00{len(held) - 1}\x00"

    return [_unmask(part, held) for part in re.split(END, re.sub(WHOLE, hold, text, flags=re.DOTALL))]


def _unmask(text: str, held: list[str]) -> str:
    while "\x00" in text:  # brackets may hold a formula
        text = re.sub(r"\x00(\d+)\x00", lambda match: held[int(match[1])], text)
    return text


def _kind(token: Any, text: str) -> str:
    if token.type == "paragraph_open" and re.fullmatch(r"!\[[^\]]*\]\([^)]*\)|<img[^>]*>", text):
        return "picture"
    if token.type == "paragraph_open" and "$$" in text:
        return "equation"
    return KINDS[token.type]


def _parser() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    return MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, allow_digits=True).use(amsmath_plugin)
