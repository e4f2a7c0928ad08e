"""What both sides of the perceptron promise: names of activations, what training saw, and what they refuse."""

from dataclasses import dataclass, field

from mylib.shared import expect, expect_choice, expect_range

ACTIVATIONS = ("relu", "sigmoid", "tanh", "identity")


@dataclass
class PerceptronHistory:
    """What `Perceptron.fit` saw: wrong predictions in each epoch, updates in all, and whether an epoch had none."""

    errors: list = field(default_factory=list)
    updates: int = 0
    converged: bool = False


def check_unit(in_features):
    """That a unit has inputs."""
    expect_range("Perceptron", 1, None, "count x's columns", in_features=in_features)


def check_examples(x, in_features):
    """Rows with as many numbers as the unit has inputs."""
    expect("Perceptron", "one row each", x=(x, f"n {in_features}"))


def check_fit(x, y, max_epochs):
    """Shapes of examples and labels, and how often they are shown."""
    expect("Perceptron", "one label for each example", x=(x, "n features"), y=(y, "n"))
    expect_range("Perceptron", 1, None, max_epochs=max_epochs)


def check_values(others, finite):
    """`others`: labels that are neither 0 nor 1; `finite`: whether all numbers in x are."""
    if others:
        raise ValueError(f"Perceptron: expected labels 0 and 1, got {others[:5]}; relabel, e.g. (y == 3)")
    if not finite:
        raise ValueError("Perceptron: expected finite x, got NaN or infinity; clean the data first")


def check_network(sizes, activation):
    """What a network of several layers is made with."""
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"MLP: expected two sizes or more, each at least 1, got {sizes}; [in, hidden, out]")
    expect_choice("MLP", ACTIVATIONS, activation=activation)
