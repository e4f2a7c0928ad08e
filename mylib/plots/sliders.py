"""One slider where moving it teaches: a picture that follows it, and a still one for pages without a kernel."""

import os

from mylib.plots.figures import show


def explore(draw, alt, still, **choices):
    """Show a picture for one value and, in a running notebook, a slider that draws it for others.

    Args:    draw: function of one value that returns a figure.
             alt: what the still picture shows.
             still: the value that it is drawn for.
             choices: one name=values, in the order of the slider.
    Raises:  ValueError: not one name, or `still` is none of its values.
    """
    if len(choices) != 1:
        raise ValueError(f"explore: expected one name=values, got {list(choices)}; one slider teaches one thing")
    ((name, values),) = choices.items()
    values = list(values)
    if still not in values:
        raise ValueError(f"explore: expected still= of {name}={values}, got {still!r}")
    show(draw(still), alt)
    if os.environ.get("MYLIB_STATIC"):  # executed for a page: there is nobody to move it
        return
    try:
        from ipywidgets import SelectionSlider, interact
    except ImportError:
        return
    slider = SelectionSlider(options=values, value=still, description=name, continuous_update=False)
    interact(lambda value: show(draw(value), f"The same for {name} = {value}."), value=slider)
