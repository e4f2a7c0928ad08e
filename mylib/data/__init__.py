"""Real data from installed packages, in one layout: images (n, channels, height, width), float32 in [0, 1].

Nothing is fetched at run time. Larger sets are read from the folder named by ``MYLIB_DATA`` when they are there. Where
no real set can be installed, a seeded generator composes one out of real digits and photographs.
"""

from .images import Dataset, digits, mnist, photograph, split
from .motion import Clips, moving_digits
from .scenes import Scenes, digit_scenes
from .stereo import StereoPair, stereo_pair

__all__ = [
    "Clips",
    "Dataset",
    "Scenes",
    "StereoPair",
    "digit_scenes",
    "digits",
    "mnist",
    "moving_digits",
    "photograph",
    "split",
    "stereo_pair",
]
