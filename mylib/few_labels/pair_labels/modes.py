"""A model in evaluation, and back: the same for modules of the engine and of torch."""

from contextlib import contextmanager


@contextmanager
def evaluating(model):
    """Inside the block every module of the model is in eval mode; afterwards each is in the mode it was in.

    Args:    model: a module of either side; parts of it may stand in another mode than the whole.
    Returns: a context manager.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
