"""What both sides of backprop promise: the activations of the network, and what losses, descents and it refuse."""

from mylib.shared import expect, expect_choice, expect_range

ACTIVATIONS = ("relu", "identity")


def check_regression(w, x, t):
    """One weight for each feature and one target for each example."""
    expect("least_squares", "one row an example", w=(w, "features"), x=(x, "n features"), t=(t, "n"))


def check_learning_rate(operation, learning_rate):
    """A step that goes down."""
    expect_range(operation, 0, None, open=True, learning_rate=learning_rate)


def check_steps(steps):
    """A number of steps, perhaps none."""
    expect_range("gradient_descent", 0, None, steps=steps)


def check_slope(w, slope):
    """One slope for each weight."""
    if slope != w:
        raise ValueError(
            f"gradient_descent: expected a gradient of w's shape {tuple(w)}, got {tuple(slope)}; sum over the examples"
        )


def check_used(position, used):
    """`used`: whether the loss depends on the parameter at `position`."""
    if not used:
        raise ValueError(
            "stochastic_gradient_descent: expected a loss that uses every parameter, got none for parameter "
            f"{position}; leave it out, or use it"
        )


def check_network(in_features, hidden, out_features, activation):
    """What a network is made with."""
    expect_range("TwoLayerNet", 1, None, in_features=in_features, hidden=hidden, out_features=out_features)
    expect_choice("TwoLayerNet", ACTIVATIONS, activation=activation)


def check_batch(x, in_features):
    """Rows of features."""
    expect("TwoLayerNet", "one row each", x=(x, f"batch {in_features}"))
