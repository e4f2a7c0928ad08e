"""Frames, flows, stacks and clips that video refuses."""

import numpy as np
import pytest


def test_bad_frames_are_refused(side):
    module, array = side
    frame = array(np.zeros((8, 9)))
    for method in (module.lucas_kanade, module.horn_schunck):
        with pytest.raises(ValueError, match=r"two frames of the same shape .*, got \(8, 9\) and \(8, 8\)"):
            method(frame, frame[:, :8])
        with pytest.raises(ValueError, match="at least 3 x 3"):
            method(frame[:2], frame[:2])
    for window in (4, 0, -3):
        with pytest.raises(ValueError, match="odd window"):
            module.lucas_kanade(frame, frame, window)
    with pytest.raises(ValueError, match=r"window of 31 pixels does not fit frames \(8, 9\)"):
        module.lucas_kanade(frame, frame, 31)
    for options, message in (
        ({"smoothness": 0}, "smoothness above 0, got 0"),
        ({"smoothness": float("nan")}, "smoothness above 0, got nan"),
        ({"iterations": -1}, "iterations of at least 0, got -1"),
    ):
        with pytest.raises(ValueError, match=message):
            module.horn_schunck(frame, frame, **options)
    assert not np.asarray(module.horn_schunck(frame, frame + 1, iterations=0)).any()


def test_bad_flows_and_stacks_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match=r"expected flow \(..., 2, height, width\), got \(3, 4, 4\)"):
        module.flow_to_colour(array(np.zeros((3, 4, 4))))
    with pytest.raises(ValueError, match="largest above 0, got 0"):
        module.flow_to_colour(array(np.zeros((2, 4, 4))), largest=0)
    frames = array(np.zeros((4, 8, 8)))
    for length in (0, 4):
        with pytest.raises(ValueError, match=rf"time above length={length} >= 1, got \(4, 8, 8\)"):
            module.stack_flow(frames, length)
    with pytest.raises(ValueError, match="expected method of"):
        module.stack_flow(frames, 2, "farneback")


def test_streams_refuse_other_channels_and_unequal_batches(side):
    module, array = side
    network = module.TwoStreamNet(3, length=2).eval()
    frame, flow = (array(np.zeros((2, c, 16, 16), np.float32)) for c in (1, 4))
    with pytest.raises(ValueError, match=r"\(batch, 1, height, width\).* got \(2, 4, 16, 16\)"):
        network(flow, flow)
    with pytest.raises(ValueError, match=r"\(batch, 4, height, width\).* got \(2, 1, 16, 16\)"):
        network(frame, frame)
    with pytest.raises(ValueError, match="a stack of flows for each frame, got 2 frames and 1 stacks"):
        network(frame, flow[:1])


def test_bad_clips_and_sizes_are_refused(side):
    module, array = side
    clip, kernel = array(np.zeros((1, 1, 2, 4, 4))), array(np.zeros((2, 1, 3, 3, 3)))
    for options in ({}, {"padding": 1, "stride": 0}, {"padding": 1, "bias": array(np.zeros(3))}):
        with pytest.raises(ValueError, match=r"conv3d: (kernel|stride|bias)"):
            module.conv3d(clip, kernel, **options)
    with pytest.raises(ValueError, match="conv3d: "):
        module.conv3d(array(np.zeros((1, 4, 3, 6, 6))), array(np.zeros((2, 3, 3, 3, 3))))
    for make in (
        lambda: module.TwoStreamNet(3, length=0),
        lambda: module.Conv3dNet(0),
        lambda: module.RecurrentVideoNet(2, hidden=0),
    ):
        with pytest.raises(ValueError, match="of at least 1, got .*0"):
            make()
    with pytest.raises(ValueError, match="a multiple of 8, got 30"):
        module.RecurrentVideoNet(3, image_size=30)
    clip = np.zeros((2, 1, 4, 16, 16), np.float32)
    with pytest.raises(ValueError, match=r"clips \(batch, 1, time, height, width\) .*, got \(2, 4, 16, 16\)"):
        module.Conv3dNet(3)(array(clip[:, 0]))
    with pytest.raises(ValueError, match=r"clips \(batch, 1, time, 32, 32\) .*, got \(2, 1, 4, 16, 16\)"):
        module.RecurrentVideoNet(3)(array(clip))
    for empty in (clip[:, :, :0], clip[:, :, :, :0]):
        with pytest.raises(ValueError, match=r"got \(2, 1, .*0,"):
            module.Conv3dNet(3)(array(empty))
