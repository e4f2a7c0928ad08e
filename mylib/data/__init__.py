"""Real data from installed packages, in one layout: images (n, channels, height, width), float32 in [0, 1].

Nothing is fetched at run time. Larger sets are read from the folder named by ``MYLIB_DATA`` when they are there. Where
no real set can be installed, a seeded generator composes one out of real digits and photographs.
"""

from .images import Dataset, digits, mnist, photograph, split
from .scenes import Scenes, digit_scenes

__all__ = ["Dataset", "Scenes", "digit_scenes", "digits", "mnist", "photograph", "split"]
