"""Prediction with ONNX Runtime: matrix products, ReLU and argmax as one graph, run by its plain call."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.timing import cores

NAME = "ONNX Runtime"
CHUNK = 4096
"""Rows at a time, so that activations stay in the caches; one call for all rows is measured too."""


def predictors(layers: Any, count: int) -> list[tuple[str, int, Any]]:
    """(setting, threads, function from rows to labels)."""
    graph = model(layers)
    found = []
    for threads in sorted({1, cores()}):
        session = _session(graph, threads)
        found.append(("one call", threads, _whole(session)))
        if count > CHUNK:
            found.append((f"{CHUNK} rows a call", threads, _chunked(session)))
    return found


def model(layers: Any) -> bytes:
    """The network as an ONNX model, labels as its output."""
    nodes, constants, flow = [], [], "x"
    for place, (W, b) in enumerate(layers):
        constants += [numpy_helper.from_array(W, f"W{place}"), numpy_helper.from_array(b, f"b{place}")]
        nodes.append(helper.make_node("Gemm", [flow, f"W{place}", f"b{place}"], [f"y{place}"]))
        flow = f"y{place}"
        if place < len(layers) - 1:
            nodes.append(helper.make_node("Relu", [flow], [f"h{place}"]))
            flow = f"h{place}"
    nodes.append(helper.make_node("ArgMax", [flow], ["label"], axis=1, keepdims=0))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", layers[0][0].shape[0]])
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["n"])
    graph = helper.make_graph(nodes, "network", [x], [label], constants)
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return made


def _session(graph: bytes, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _whole(session: Any) -> Any:
    return lambda x: session.run(["label"], {"x": x})[0]


def _chunked(session: Any) -> Any:
    def predict(x: Any) -> Any:
        labels = np.empty(len(x), dtype=np.int64)
        for start in range(0, len(x), CHUNK):
            labels[start : start + CHUNK] = session.run(["label"], {"x": x[start : start + CHUNK]})[0]
        return labels

    return predict
