"""Figures of the lectures: text for whoever cannot see them, and the same bytes on every run."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from mylib import fit, plots
from mylib.plots import figures


@pytest.fixture
def displayed(monkeypatch):
    """What was displayed: bundles of kinds."""
    shown = []
    monkeypatch.setattr(figures, "display", lambda bundle, raw: shown.append(bundle) if raw else None)
    yield shown
    plt.close("all")


def drawing(height=1.0):
    fig, axes = plots.figure(width=3, height=2)
    axes.plot([0, 1, 2], [0, height, 0], label="a line")
    axes.set(xlabel="time (s)", ylabel="height (m)")
    return fig


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_a_figure_without_alt_text_is_refused(displayed, alt):
    for draw in (lambda: plots.show(drawing(), alt), lambda: plots.animate([drawing()], alt)):
        with pytest.raises(ValueError, match="expected alt text, got an empty string"):
            draw()
    assert displayed == []


def img(bundle):
    """The picture of a bundle: its tag, its kind and its bytes."""
    tag = BeautifulSoup(bundle["text/html"], "html.parser").img
    head, encoded = tag["src"].split(",")
    return tag, head.removeprefix("data:image/").removesuffix(";base64"), base64.b64decode(encoded)


def test_alt_text_stands_in_the_html_and_is_what_a_terminal_shows(displayed):
    alt = 'A line up, a < b & "c".'
    plots.show(drawing(), alt)
    tag, kind, _ = img(displayed[0])
    assert (tag["alt"], kind, displayed[0]["text/plain"]) == (alt, "svg+xml", alt)


@pytest.mark.parametrize("picture", [False, True])
def test_the_same_figure_gives_the_same_bytes(displayed, picture):
    for height in (1.0, 1.0, 2.0):
        fig = drawing(height)
        if picture:
            fig.axes[0].imshow(np.eye(3))
        plots.show(fig, "A line.")
    first, again, other = (img(bundle) for bundle in displayed)
    assert first[1] == ("png" if picture else "svg+xml")
    assert first[2] == again[2] != other[2]


def test_a_picture_holds_no_time_and_no_version(displayed):
    fig = drawing()
    fig.axes[0].imshow(np.eye(3))
    plots.show(fig, "A line.")
    plots.show(drawing(), "A line.")
    picture = Image.open(io.BytesIO(img(displayed[0])[2]))
    assert picture.format == "PNG"
    assert set(picture.info) <= {"dpi"}  # no Software, no Creation Time
    # 3 x 2 inches at the documented dpi
    assert picture.size == (3 * plots.DOTS_PER_INCH, 2 * plots.DOTS_PER_INCH)
    assert b"dc:date" not in img(displayed[1])[2]
    assert b"Matplotlib" not in img(displayed[1])[2]


def test_a_cloud_of_points_is_pixels(displayed):
    fig, axes = plots.figure()
    axes.scatter(*np.random.default_rng(0).random((2, 3000)))
    plots.show(fig, "Points.")
    assert img(displayed[0])[1] == "png"


def test_text_that_would_be_too_small_on_a_page_is_refused(displayed):
    fig, axes = plots.figure(width=9)
    axes.set_title("wide", fontsize=12)  # 8.7 points at 6.5 inches
    with pytest.raises(ValueError, match="expected text of at least 9 points where a figure is 6.5 inches wide, got"):
        plots.show(fig, "A frame.")
    plt.close(fig)
    fig, axes = plots.figure()
    axes.set_xlabel("small", fontsize=8)
    with pytest.raises(ValueError, match="got 'small' at 8.0; draw fewer panels"):
        plots.show(fig, "A frame.")


def test_show_and_animate_close_their_figures(displayed):
    plt.close("all")
    plots.show(drawing(), "A line.")
    plots.animate((drawing(h) for h in (1, 2)), "A line grows.")
    assert plt.get_fignums() == []


def animation(displayed):
    tag, kind, data = img(displayed[-1])
    assert kind == "gif"
    return tag, Image.open(io.BytesIO(data))


def test_an_animation_is_a_looping_gif_with_every_frame(displayed):
    plots.animate([drawing(h) for h in (1, 2, 3)], "A line grows.", seconds_per_frame=0.25)
    tag, gif = animation(displayed)
    assert tag["alt"] == "A line grows."
    assert (gif.format, gif.n_frames, gif.info["loop"], gif.info["duration"]) == ("GIF", 3, 0, 250)


def test_frames_of_an_animation_differ_as_their_figures_do(displayed):
    plots.animate([drawing(h) for h in (1, 20)], "A line grows.")
    _, gif = animation(displayed)
    first = np.asarray(gif.convert("RGB"), float)
    gif.seek(1)
    assert np.abs(first - np.asarray(gif.convert("RGB"), float)).max() > 100  # ink where paper was


def test_alt_text_of_an_animation_is_escaped(displayed):
    alt = 'Where a < b & "c" > d<script>'
    plots.animate([drawing()], alt)
    tag, _ = animation(displayed)
    assert tag["alt"] == alt
    assert BeautifulSoup(displayed[0]["text/html"], "html.parser").script is None


def test_an_animation_without_frames_is_refused(displayed):
    with pytest.raises(ValueError, match="animate: expected at least one frame"):
        plots.animate([], "Nothing.")


def test_images_lie_on_a_grid_in_order_with_the_rest_empty():
    pictures = np.arange(5)[:, None, None] * np.ones((5, 4, 4)) / 5
    fig = plots.images(pictures, titles="abcde", columns=3)
    grid = np.array(fig.axes).reshape(2, 3)
    shown = [axes.images[0].get_array()[0, 0] for axes in grid.flat[:5]]
    np.testing.assert_array_equal(shown, pictures[:, 0, 0])
    assert [axes.get_title() for axes in grid.flat] == ["a", "b", "c", "d", "e", ""]
    assert (len(grid[1, 2].images), grid[1, 2].axison) == (0, False)
    plt.close(fig)


def test_images_take_fewer_than_a_row():
    fig = plots.images(np.zeros((2, 1, 4, 4)), columns=8)
    assert len(fig.axes) == 2
    plt.close(fig)


@pytest.mark.parametrize(("count", "titles"), [(0, None), (3, ["only one"])])
def test_images_refuse_nothing_and_missing_titles(count, titles):
    with pytest.raises(ValueError, match="images: expected"):
        plots.images(np.zeros((count, 4, 4)), titles=titles)


def test_image_takes_grey_and_colour_with_channels_first():
    rng = np.random.default_rng(0)
    fig, axes = plots.figure(1, 3)
    grey, colour = rng.random((4, 5)), rng.random((3, 4, 5))
    for panel, pixels in zip(axes, (grey, grey[None], colour), strict=True):
        plots.image(panel, pixels, "title")
        assert panel.get_title() == "title"
        assert len(panel.get_xticks()) == 0
    np.testing.assert_array_equal(axes[0].images[0].get_array(), grey)
    np.testing.assert_array_equal(axes[1].images[0].get_array(), grey)
    np.testing.assert_array_equal(axes[2].images[0].get_array(), colour.transpose(1, 2, 0))
    plt.close(fig)


def test_curves_draw_each_run_against_the_epoch():
    runs = {"slow": fit.History(train_loss=[3.0, 2.0]), "fast": fit.History(train_loss=[3.0, 1.0, 0.5])}
    fig = plots.curves(runs)
    (axes,) = fig.axes
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2], [1, 2, 3]]
    assert axes.lines[1].get_ydata().tolist() == [3.0, 1.0, 0.5]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "train loss")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["slow", "fast"]
    plt.close(fig)


def test_colours_of_the_palette_can_be_told_apart_without_red_or_green():
    # Machado, Oliveira and Fernandes (2009): what full deuteranopia and protanopia make of linear RGB.
    simulations = (
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    )
    # Grey is for helper lines, never for data beside green, which it resembles.
    colours = [colour for colour in plots.PALETTE if colour != plots.GREY]
    encoded = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    linear = ((encoded + 0.055) / 1.055) ** 2.4
    for simulation in simulations:
        seen = linear @ np.transpose(simulation)
        apart = np.linalg.norm(seen[:, None] - seen, axis=2) + 10 * np.eye(len(seen))
        assert apart.min() > 0.1  # of 1.7 from black to white


def test_embed_gives_an_element_with_the_picture_and_escaped_alt_text():
    fig, _ = plots.figure()
    element = BeautifulSoup(plots.embed(fig, alt='a "figure" <b>'), "html.parser").find("img")
    assert element["alt"] == 'a "figure" <b>'
    assert base64.b64decode(element["src"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")
    assert not plt.fignum_exists(fig.number)
    with pytest.raises(ValueError, match="alt text"):
        plots.embed(fig, alt=" ")
