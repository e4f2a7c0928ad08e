"""Figures: one style, a palette for every eye, alt text on every picture, identical bytes each run."""

import base64
import html
import io
import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

# Okabe and Ito (2008): told apart with each of the common colour-vision deficiencies, and in print.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#7F7F7F",
)
DOTS_PER_INCH = 100
WIDTH = 6.5  # inches of a page
SMALLEST = 9  # points of text on it
LARGEST_SVG = 60_000  # bytes; a cloud of points is smaller as pixels


def use_style():
    """Set the course's matplotlib style; every function here calls it."""
    mpl.rcParams.update(
        {
            "axes.prop_cycle": mpl.cycler(color=PALETTE, linestyle=["-", "--", "-.", ":"] * 2),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "svg.hashsalt": "mylib",
        }
    )


def figure(rows=1, columns=1, width=WIDTH, height=3.0, **keywords):
    """A figure in the course's style.

    Args:    rows, columns: of the grid of axes.
             width, height: of the whole figure, inches; a page shows 6.5 of them, a phone less than half.
             keywords: for `matplotlib.pyplot.subplots`.
    Returns: the figure and its axes, as `subplots` does.
    """
    use_style()
    return plt.subplots(rows, columns, figsize=(width, height), **keywords)


def show(fig, alt):
    """Display a figure with alternative text, then close it: as SVG, which is sharp at any size, or as PNG if smaller.

    Args:    fig: a matplotlib figure.
             alt: what the picture shows, for whoever cannot see it; one or two sentences.
    Raises:  ValueError: alt is empty, or text is smaller than 9 points where the figure is 6.5 inches wide.
    """
    _need_alt(alt)
    _need_legible(fig)
    svg = b"" if any(axes.images for axes in fig.axes) else _svg(fig)
    kind, data = ("svg+xml", svg) if 0 < len(svg) < LARGEST_SVG else ("png", _png(fig))
    plt.close(fig)
    # HTML, since notebooks' own pictures have no alternative text.
    display({"text/html": _img(kind, data, alt), "text/plain": alt}, raw=True)


def embed(fig, alt):
    """A figure as an HTML element that holds its own picture, for pages that are no notebooks; the figure is closed.

    Args:    fig: a matplotlib figure.
             alt: what the picture shows, for whoever cannot see it.
    Returns: an <img>, escaped.
    Raises:  ValueError: alt is empty.
    """
    _need_alt(alt)
    data = _png(fig)
    plt.close(fig)
    return _img("png", data, alt)


def animate(frames, alt, seconds_per_frame=0.4):
    """Display figures of equal size as a looping animation (a GIF, which needs no JavaScript), then close them.

    Args:    frames: matplotlib figures, in order; a generator keeps one open at a time.
             alt: what the animation shows.
             seconds_per_frame: how long each is seen.
    Raises:  ValueError: no frames, or alt is empty.
    """
    from PIL import Image as PillowImage

    _need_alt(alt)
    pictures = []
    for fig in frames:
        pictures.append(PillowImage.open(io.BytesIO(_png(fig))).convert("P", palette=PillowImage.Palette.ADAPTIVE))
        plt.close(fig)
    if not pictures:
        raise ValueError("animate: expected at least one frame, got none; pass a list of figures")
    gif = io.BytesIO()
    first, *rest = pictures
    first.save(gif, "GIF", save_all=True, append_images=rest, duration=int(1000 * seconds_per_frame), loop=0)
    display({"text/html": _img("gif", gif.getvalue(), alt), "text/plain": alt}, raw=True)


def image(axes, pixels, title="", **keywords):
    """Draw one image on axes, without ticks.

    Args:    axes: matplotlib axes.
             pixels: (height, width), (1, height, width) or (3, height, width).
             title: above it.
             keywords: for `imshow`; a grey image is drawn on its own range unless vmin and vmax say otherwise.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim == 3:
        pixels = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    axes.imshow(pixels, **keywords)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=9)
    axes.spines[:].set_visible(False)


def images(pixels, titles=None, columns=8, size=0.8, **keywords):
    """A grid of images, as a figure for `show`.

    Args:    pixels: a sequence of images as `image` takes them.
             titles: one for each, or None.
             columns: in the grid.
             size: of one image, inches.
    Returns: the figure.
    Raises:  ValueError: no images, or not one title for each.
    """
    if not len(pixels) or (titles is not None and len(titles) != len(pixels)):
        raise ValueError(
            f"images: expected at least one image and as many titles, got {len(pixels)} images and "
            f"{'no' if titles is None else len(titles)} titles"
        )
    columns = min(columns, len(pixels))
    rows = math.ceil(len(pixels) / columns)
    fig, grid = figure(
        rows, columns, width=columns * size, height=rows * (size + 0.25 * (titles is not None)), squeeze=False
    )
    for axes in grid.flat:
        axes.set_axis_off()
    for index, (axes, picture) in enumerate(zip(grid.flat, pixels, strict=False)):
        image(axes, picture, "" if titles is None else str(titles[index]), **keywords)
    return fig


def curves(histories, quantity="train_loss", axes=None, label=None):
    """One line per training run, against the epoch.

    Args:    histories: name of the run to its `fit.History`.
             quantity: which of its lists.
             axes: to draw on; a new figure without.
             label: of the vertical axis; the quantity's name without.
    Returns: the figure.
    """
    if axes is None:
        _, axes = figure(width=5)
    for name, history in histories.items():
        values = getattr(history, quantity)
        axes.plot(range(1, len(values) + 1), values, marker="." if len(values) < 30 else "", label=name)
    axes.set(xlabel="epoch", ylabel=label or quantity.replace("_", " "))
    axes.legend()
    return axes.figure


def _need_alt(alt):
    if not alt.strip():
        raise ValueError("show: expected alt text, got an empty string; say in a sentence what the picture shows")


def _need_legible(fig):
    scale = min(1.0, WIDTH / fig.get_figwidth())
    for text in fig.findobj(mpl.text.Text):
        size = text.get_fontsize() * scale
        if text.get_visible() and text.get_text().strip() and size < SMALLEST - 0.01:
            raise ValueError(
                f"show: expected text of at least {SMALLEST} points where a figure is {WIDTH} inches wide, got "
                f"{text.get_text()!r} at {size:.1f}; draw fewer panels, more rows, or larger text"
            )


def _img(kind, data, alt):
    encoded = base64.b64encode(data).decode()
    return f'<img src="data:image/{kind};base64,{encoded}" alt="{html.escape(alt)}" style="max-width:100%">'


def _png(fig):
    buffer = io.BytesIO()
    # Without matplotlib's version in it, a picture changes only when what it shows does.
    fig.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def _svg(fig):
    buffer = io.BytesIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
