"""What the tests of recurrent share."""

import numpy as np
import torch

RNG = np.random.default_rng


def fill(module, **values):
    """Give a module these weights and zeros for the others, in float64."""
    module.double()
    state = module.state_dict()
    made = {name: np.zeros(tuple(value.shape)) for name, value in state.items()}
    made |= {name: np.asarray(value, float) for name, value in values.items()}
    module.load_state_dict({name: torch.tensor(value) for name, value in made.items()})
    return module
