"""Real data from installed packages, in one layout: images (n, channels, height, width), float32 in [0, 1].

Nothing is fetched at run time. Larger sets are read from the folder named by ``MYLIB_DATA`` when they are there.
"""

from .images import Dataset, digits, mnist, photograph, split

__all__ = ["Dataset", "digits", "mnist", "photograph", "split"]
