r"""Leave one augmentation out, in NumPy: views, a loss with a space for each augmentation, and the network.

Notation: q is the query, k_0 to k_n are its keys; z_i is what head i makes of a view, a unit vector; tau is the
temperature. Head 0 shall forget every augmentation, head i all but the i-th.
"""

from mylib.representation.augmentation_invariance.scratch_looc import LooC, looc_loss, push
from mylib.representation.augmentation_invariance.scratch_views import (
    blend_texture,
    hue_rotation,
    leave_one_out_views,
)

__all__ = ["hue_rotation", "blend_texture", "leave_one_out_views", "looc_loss", "LooC", "push"]
