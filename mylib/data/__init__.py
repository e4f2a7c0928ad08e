"""Real data from installed packages, in one layout: images (n, channels, height, width), float32 in [0, 1].

Nothing is fetched at run time. Larger sets are read from the folder named by ``MYLIB_DATA`` when they are there. Where
no real set can be installed, a seeded generator composes one out of real digits and photographs.
"""

from mylib.data.blended import Photographed, digits_on_photographs
from mylib.data.coloured import Coloured, coloured_digits
from mylib.data.corruptions import corrupt
from mylib.data.forecasts import Biopsies, Forecasts, biopsies, calibrated_forecasts
from mylib.data.growing import Growing, growing_digits, stroke_thickness
from mylib.data.images import Dataset, digit_pairs, digits, long_tailed, mnist, photograph, split
from mylib.data.imports import standard_library_imports
from mylib.data.labelled import few_labels
from mylib.data.letters import Letters, letters
from mylib.data.motion import Clips, moving_digits
from mylib.data.paths import Paths, junction_paths, thrown_balls
from mylib.data.people import ModalPeople, People, camera_people, infrared_people
from mylib.data.rain import rainy_photographs
from mylib.data.scenes import Scenes, digit_scenes
from mylib.data.series import Curve, Series, carbon_dioxide, gapped_curve
from mylib.data.stereo import StereoPair, stereo_pair
from mylib.data.words import Pronunciations, pronunciations

__all__ = [
    "Biopsies",
    "Clips",
    "Coloured",
    "Curve",
    "Dataset",
    "Forecasts",
    "Growing",
    "Letters",
    "ModalPeople",
    "Paths",
    "People",
    "Photographed",
    "Pronunciations",
    "Scenes",
    "Series",
    "StereoPair",
    "biopsies",
    "calibrated_forecasts",
    "camera_people",
    "carbon_dioxide",
    "coloured_digits",
    "corrupt",
    "digit_pairs",
    "digit_scenes",
    "digits",
    "digits_on_photographs",
    "few_labels",
    "gapped_curve",
    "growing_digits",
    "infrared_people",
    "junction_paths",
    "letters",
    "long_tailed",
    "mnist",
    "moving_digits",
    "photograph",
    "pronunciations",
    "rainy_photographs",
    "split",
    "standard_library_imports",
    "stereo_pair",
    "stroke_thickness",
    "thrown_balls",
]
