"""What both sides of test_time refuse. Only names, shapes and plain numbers come in."""

from collections import Counter

from mylib.shared import expect_range


def check_norms(found, model, kinds):
    """There is a normalisation layer. `kinds`: the class names of all layers."""
    if not found:
        layers = ", ".join(sorted(Counter(kinds)))
        raise ValueError(
            f"configure_model: expected a model with batch normalisation, got {model} with {layers}; TENT changes "
            "nothing but the scales and shifts of these layers"
        )


def check_adaptable(count, norms):
    """There is a scale or a shift."""
    if not count:
        raise ValueError(
            "collect_params: expected at least one batch normalisation with scale and shift, got "
            f"{norms} such layers without; affine=False leaves nothing to adapt"
        )


def check_tent(steps, episodic, running, norms):
    """A number of steps; a model that `configure_model` has seen. `running`: norms that keep running statistics."""
    expect_range("Tent", 1, None, "with 0 nothing would adapt", steps=steps)
    if isinstance(steps, bool) or steps != int(steps):
        raise ValueError(f"Tent: expected steps to be a whole number, got {steps!r}")
    if not isinstance(episodic, bool):
        raise TypeError(f"Tent: expected episodic of True or False, got {episodic!r}")
    if not norms or running:
        raise ValueError(
            "Tent: expected a model whose normalisation uses the batch's statistics, got "
            f"{f'{running} of {norms} layers with running ones' if norms else 'one without normalisation'}; call "
            "configure_model(model) first"
        )


def check_optimizer(held, others):
    """`held`: how many parameters the optimiser has; `others`: how many of them the model does not have."""
    if others:
        raise ValueError(
            f"Tent: expected an optimizer of this model's parameters, got {others} of {held} that are not; copy the "
            "model first, then collect_params(model), then make the optimizer"
        )


def check_images(shape):
    """At least one image."""
    if not shape or shape[0] < 1:
        raise ValueError(f"Tent: expected a batch of at least one image, got shape {tuple(shape)}; skip empty batches")


def check_loss(shape):
    """The loss is one number."""
    if tuple(shape) != ():
        raise ValueError(
            f"Tent: expected loss(logits) to be a scalar, got shape {tuple(shape)}; take the mean over the batch"
        )


def explain(error, shape):
    """What a model raised: in our words where the cause is a batch that has one value for each channel."""
    if shape[0] == 1 and "per channel" in str(error):
        raise ValueError(
            f"Tent: expected at least two values for each channel, got one image of shape {tuple(shape)} and maps of "
            "one position, which have no variance; give a larger batch, or add a lone last image to the one before"
        ) from error
    raise error
