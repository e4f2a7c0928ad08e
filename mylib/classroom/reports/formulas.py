"""Formulas as MathML, which browsers set themselves: no script, no fonts, no network."""

import functools
import re
from html import escape
from xml.etree import ElementTree

from latex2mathml.converter import convert

LONGEST = 2_000  # characters; a longer formula is shown as it was written
WIDE = 60  # characters of a formula that may need to be scrolled on a telephone
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_ELEMENTS = """
math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup munder mover
munderover mmultiscripts mprescripts none mtable mtr mtd menclose
"""
ELEMENTS = frozenset(_ELEMENTS.split())
# No links, no styles, nothing that reacts.
_ATTRIBUTES = """
display mathvariant stretchy fence form separator accent accentunder largeop movablelimits symmetric lspace rspace
minsize maxsize linethickness columnalign width height depth voffset displaystyle scriptlevel
"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
UNKNOWN = re.compile(r"\\arg(?![a-zA-Z])")  # to the converter


@functools.lru_cache(maxsize=10_000)
def mathml(tex: str, block: bool) -> str:
    r"""A formula as HTML holds it; where it cannot be converted, its source as code.

    Args:    tex: LaTeX, without the dollars; anybody's.
             block: on a line of its own.

    Example:
        >>> mathml("x", False)[:67]
        '<math display="inline" alttext="x"><semantics><mrow><mi>x</mi></mro'
        >>> mathml(r"\text{<script>}", False)
        '<code class="tex">$\\text{&lt;script&gt;}$</code>'
    """
    try:
        root = _converted(tex, block)
    except Exception:  # the converter fails in its own ways at what is no formula
        dollars = "$$" if block else "$"
        return f'<code class="tex">{dollars}{escape(tex, quote=False)}{dollars}</code>'
    html = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    if block:
        reach = ' tabindex="0" role="group" aria-label="Formula"' if len(tex) > WIDE else ""
        return f'<span class="formula"{reach}>{html}</span>'
    return html


def _converted(tex: str, block: bool) -> ElementTree.Element:
    """The formula's tree with its source in it.

    Raises:  ValueError, or the converter's: it is too long, unknown, or holds what no formula should.
    """
    if len(tex) > LONGEST:
        raise ValueError("too long")
    source = UNKNOWN.sub(r"\\operatorname{arg}", tex)
    root = ElementTree.fromstring(convert(source, display="block" if block else "inline"))
    for element in root.iter():
        element.tag = str(element.tag).removeprefix(f"{{{NAMESPACE}}}")
        if element.tag not in ELEMENTS or "\\" in (element.text or ""):
            raise ValueError(f"not known: {element.tag} {element.text}")
        element.attrib = {name: value for name, value in element.attrib.items() if name in ATTRIBUTES}
    root.set("alttext", tex)
    children = list(root)
    for child in children:
        root.remove(child)
    semantics = ElementTree.SubElement(root, "semantics")
    shown = children[0] if len(children) == 1 else ElementTree.Element("mrow")
    if len(children) != 1:
        shown.extend(children)
    semantics.append(shown)
    ElementTree.SubElement(semantics, "annotation", encoding="application/x-tex").text = tex
    return root
