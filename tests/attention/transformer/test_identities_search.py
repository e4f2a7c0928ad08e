"""What greedy decoding and beam search share, when they stop, and how they leave the model."""

import numpy as np

from tests.attention.transformer.cases import SMALL, SOURCES, Language, on
from tests.twins import array


def test_a_beam_of_one_is_greedy(side):
    module, _ = side
    for seed in range(5):
        model = Language(module, vocabulary=6, seed=seed)
        args = model, on(module, SOURCES), 1, 2, 6
        np.testing.assert_array_equal(array(module.beam_search(*args, beam=1)[0]), array(module.greedy_decode(*args)))


def test_a_beam_may_be_wider_than_the_vocabulary_and_finds_what_greedy_misses(side):
    module, _ = side
    better = 0
    for seed in range(8):
        model = Language(module, vocabulary=3, seed=seed)
        args = model, on(module, SOURCES), 1, 2, 4
        greedy, (beam, ranks) = (
            array(module.greedy_decode(*args)),
            module.beam_search(*args, beam=9, penalty=0.0),
        )
        assert np.isfinite(array(ranks)).all()
        for row, source in enumerate(SOURCES):
            sequences = [
                list(s[: list(s).index(2) + 1]) if 2 in s else list(s) for s in (greedy[row], array(beam)[row])
            ]
            values = [model.log_probability(source, s) for s in sequences]
            assert values[1] >= values[0] - 1e-9
            better += values[1] > values[0] + 1e-9
    assert better > 0


def test_search_uses_the_model_in_eval_mode_and_gives_it_back_as_it_was(side):
    module, _ = side
    model = Language(module)
    module.greedy_decode(model, on(module, SOURCES), 1, 2, 3)
    module.beam_search(model, on(module, SOURCES), 1, 2, 3)
    assert model.modes == [False, False]
    assert model.training
    model.eval()
    module.greedy_decode(model, on(module, SOURCES), 1, 2, 3)
    assert not model.training


def test_search_stops_when_all_are_finished(side):
    module, _ = side
    model, decode, asked = Language(module), Language.decode, []
    model.scores = lambda source, prefix: np.array([0.0, 0.0, 50.0, 0.0])  # the end, whatever stands there

    def watched(target, memory):
        asked.append(target.shape[1])
        return decode(model, target, memory)

    model.decode = watched
    written = array(module.greedy_decode(model, on(module, SOURCES), 1, 2, 9))
    assert (written == 2).all()
    assert asked == [1]
    asked.clear()
    module.beam_search(model, on(module, SOURCES), 1, 2, 9, beam=2)
    assert asked == [1, 2], "the second sequence of the beam needs two tokens"


def test_search_of_no_sequences_writes_none(side):
    module, _ = side
    model = module.Transformer(9, 7, **SMALL)
    nothing = on(module, np.zeros((0, 4), int))
    assert array(module.greedy_decode(model, nothing, 1, 2, 5)).shape == (0, 5)
    found, ranks = module.beam_search(model, nothing, 1, 2, 5)
    assert (array(found).shape, array(ranks).shape) == ((0, 5), (0,))
