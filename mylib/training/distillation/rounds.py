"""The plan of Noisy Student, once for both sides: who teaches whom, which images make a step, which are copied.

Each side brings what has mathematics: an update of a model, and a teacher's labels.
"""

import math

import numpy as np
from tqdm import tqdm

from mylib.training.distillation import contract


def train_rounds(make_model, begin, teach, *, rounds, sizes, ratio, epochs, batch_size, seed, progress):
    """A teacher on labels alone, then students that each become the next teacher.

    An epoch is as many steps as it takes to see the larger set once, for the teacher as for the students: what a
    student does better it does not owe to more updates.

    Args:    make_model: function of the round, 0 for the teacher, to a new model.
             begin: function of (model, labelled, pseudo, rng) to a generator that makes one update for each row of
                 `labelled`, indices of images. `pseudo` is None for the teacher, for a student (rows of positions in
                 what is kept, indices of the kept images, their targets).
             teach: function of a model to (indices of unlabelled images, their targets).
             sizes: how many labelled and unlabelled images there are.
             rounds, ratio, epochs, batch_size, seed, progress: as in `noisy_student`.
    Returns: list of rounds + 1 models.
    """
    steps = epochs * math.ceil(max(sizes[0], sizes[1] / ratio) / batch_size)
    models = []
    with tqdm(total=(rounds + 1) * steps, unit="step", leave=False, disable=not progress) as bar:
        for number in range(rounds + 1):
            rng = np.random.default_rng([seed, number])
            model = make_model(number)
            contract.check_new(model, models, number)
            labelled, pseudo = draw(sizes[0], steps, batch_size, rng), None
            if models:
                kept, targets = teach(models[-1])
                pseudo = draw(len(kept), steps, ratio * batch_size, rng), kept, targets
            for _ in begin(model, labelled, pseudo, rng):
                bar.update()
            models.append(model)
    return models


def draw(count, steps, size, rng):
    """Indices below `count` in shuffled passes, one after the other, cut into steps. Shape (steps, size)."""
    passes = [rng.permutation(count) for _ in range(math.ceil(steps * size / count))]
    return np.concatenate(passes)[: steps * size].reshape(steps, size)


def copies(count, per_class, rng):
    """Which of `count` examples, the best first, make `per_class`: the best, or all again and again, the rest drawn."""
    if count >= per_class:
        return np.arange(per_class)
    whole = np.tile(np.arange(count), per_class // count)
    return np.concatenate([whole, np.sort(rng.choice(count, per_class % count, replace=False))])
