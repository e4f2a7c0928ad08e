r"""Leave one augmentation out, in PyTorch: views, a loss with a space for each augmentation, and the network.

Notation as in `scratch`. Views are made on the images' device from numbers drawn on the CPU; queues are buffers that
never leave theirs; no training step reads a value back.
"""

from mylib.representation.augmentation_invariance.pytorch_looc import LooC, looc_loss, push
from mylib.representation.augmentation_invariance.pytorch_views import (
    blend_texture,
    hue_rotation,
    leave_one_out_views,
)
from mylib.shared.docstrings import complete_from_twin

__all__ = ["hue_rotation", "blend_texture", "leave_one_out_views", "looc_loss", "LooC", "push"]

complete_from_twin(globals())
