"""What lectures show: figures, and the code that the library runs."""

from mylib.plots.diagrams import blocks, cell, network
from mylib.plots.figures import (
    BLUE,
    DOTS_PER_INCH,
    GREEN,
    GREY,
    ORANGE,
    PALETTE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    animate,
    curves,
    embed,
    figure,
    image,
    images,
    show,
    use_style,
)
from mylib.plots.listings import listing, source
from mylib.plots.sliders import explore
from mylib.plots.tables import table

__all__ = [
    "BLUE",
    "DOTS_PER_INCH",
    "GREEN",
    "GREY",
    "ORANGE",
    "PALETTE",
    "PURPLE",
    "RED",
    "SKY",
    "YELLOW",
    "animate",
    "blocks",
    "cell",
    "curves",
    "embed",
    "explore",
    "figure",
    "image",
    "images",
    "listing",
    "network",
    "show",
    "source",
    "table",
    "use_style",
]
