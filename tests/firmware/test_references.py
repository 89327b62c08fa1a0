"""The references themselves: of whole batches against sample by sample, and against what silicon answered."""

import csv

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.firmware.fixedpoint import softmax_scaling
from harness.firmware.reader import read_model
from tests.firmware import batch_reference, graph_reference, softmax_reference
from tests.firmware import integer_reference as ref
from tests.firmware import kernel_library as lib
from tests.firmware.graphs import random_graph


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_batch_gives_what_its_samples_give(seed):
    graph = random_graph(seed)
    samples = np.random.default_rng(seed).integers(-128, 128, (3, *graph.input.shape[1:])).astype(np.int8)
    single = np.stack([graph_reference.run(graph, sample[None]).reshape(-1) for sample in samples])
    np.testing.assert_array_equal(batch_reference.run(graph, samples), single)


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**31), 2**31 - 1), st.integers(2**30, 2**31 - 1), st.integers(-31, 0))
def test_batches_round_as_single_numbers(x, multiplier, shift):
    got = batch_reference.scaled(np.array([x]), [(multiplier, shift)])
    assert got[0] == ref.rescale(x, multiplier, shift)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3), st.integers(1, 20), st.floats(0.005, 2.0), st.integers(0, 2**32 - 1))
def test_the_softmax_kernel_equals_its_reference(rows, width, scale, seed):
    x = np.random.default_rng(seed).integers(-128, 128, (rows, width)).astype(np.int8)
    scaling = softmax_scaling(1.0, scale)
    params = lib.Softmax(rows, width, scaling.multiplier, scaling.left_shift, scaling.diff_min)
    got = lib.call("softmax_s8", params, (rows, width), x)
    np.testing.assert_array_equal(got, [softmax_reference.softmax(row, **vars(scaling)) for row in x])


def test_kws_equals_real_silicon(shared_data):
    with (shared_data / "golden" / "kws01_silicon_int8.csv").open() as file:
        rows = list(csv.DictReader(file))
    samples = np.stack([np.fromfile(shared_data / "kws" / "kws01" / row["file"], np.int8) for row in rows])
    silicon = np.array([[int(row[f"out{i}"]) for i in range(12)] for row in rows])
    graph = read_model(shared_data / "models" / "kws_ref_model.tflite")
    assert len(rows) == 500
    np.testing.assert_array_equal(batch_reference.run(graph, samples), silicon)
