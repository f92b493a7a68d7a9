"""Makes cases.json: python make.py, with onnx 1.23.1, onnxruntime 1.30.0 and numpy.

Each case is a small graph and what onnxruntime answers for each row by itself (batch size 1).
"""

import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

ML = "ai.onnx.ml"
DTYPES = {np.dtype("float32"): T.FLOAT, np.dtype("float64"): T.DOUBLE, np.dtype("int64"): T.INT64, np.dtype("int32"): T.INT32, np.dtype("bool"): T.BOOL}
CASES = []
NAN, INF = np.nan, np.inf

F = np.array([[1.5, -2.25, 0.0], [NAN, 3.0, -0.75], [1e-3, 0.5, 2.5], [-1.0, 7.0, 4.5], [0.25, -0.5, 100.0]], dtype=np.float32)
P = np.abs(np.nan_to_num(F, nan=2.0)) + np.float32(0.125)
I = np.array([[3, -7, 0], [5, 2, -1], [-4, 9, 8]], dtype=np.int64)
TEXT = np.array([["a", "x"], ["b", ""], ["zz", "y"], ["A", "x"]], dtype=object)


def type_of(array):
    return T.STRING if array.dtype == object else DTYPES[array.dtype]


def number(value):
    value = float(value)
    if np.isnan(value):
        return None
    return value if np.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def plain(value):
    return value if isinstance(value, (str, bytes)) else number(value)


def run(model, feeds, row):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    one = {}
    for name, value in feeds.items():
        one[name] = value[row] if isinstance(value, list) else value[row : row + 1]
    return session.run(None, one)


def case(name, nodes, feeds, outputs, constants=None, opset=18, ml=3, map_type=None, tolerance=1e-6, functions=None):
    """`feeds`: arrays of rows by input; `outputs`: (name, type) pairs."""
    inputs = []
    for key, value in feeds.items():
        if isinstance(value, list):
            inputs.append(h.make_value_info(key, map_type))
        else:
            inputs.append(h.make_tensor_value_info(key, type_of(value), [None, *value.shape[1:]]))
    initializers = [numpy_helper.from_array(np.asarray(value), key) for key, value in (constants or {}).items()]
    graph = h.make_graph(nodes, "g", inputs, [h.make_tensor_value_info(key, kind, None) for key, kind in outputs], initializers)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset), h.make_opsetid(ML, ml)], ir_version=9)
    count = len(next(iter(feeds.values())))
    answers = []
    for row in range(count):
        results = run(model, feeds, row)
        answers.append([[plain(value) for value in np.asarray(result).reshape(-1).tolist()] for result in results])
    rows = []
    for row in range(count):
        cells = []
        for value in feeds.values():
            if isinstance(value, list):
                keys = sorted({key for each in value for key in each})
                cells += [number(value[row][key]) if key in value[row] else None for key in keys]
            else:
                cells += [plain(cell) for cell in value[row].reshape(-1).tolist()]
        rows.append(cells)
    CASES.append(
        {
            "name": name,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "outputs": [key for key, _ in outputs],
            "tolerance": tolerance,
            "rows": rows,
            "answers": answers,
        }
    )


def float_case(name, op, feeds, constants=None, inputs=None, domain="", opset=18, ml=3, cast=False, tolerance=1e-6, **attributes):
    """One node whose first output, as float, is the graph's."""
    names = inputs if inputs is not None else [*feeds, *(constants or {})]
    nodes = [h.make_node(op, names, ["result"], name="node", domain=domain, **attributes)]
    nodes.append(h.make_node("Cast", ["result"], ["Y"], to=T.FLOAT) if cast else h.make_node("Identity", ["result"], ["Y"]))
    first = next(iter(feeds.values()))
    kind = T.FLOAT if cast or isinstance(first, list) or first.dtype != np.float64 else T.DOUBLE
    if not cast and not isinstance(first, list) and first.dtype == np.int64:
        kind = T.INT64
    if domain == ML:
        kind = T.FLOAT
    case(name, nodes, feeds, [("Y", kind)], constants, opset, ml, tolerance=tolerance)


def unary():
    for op in "Abs Neg Exp Floor Ceil Round Relu Sigmoid Tanh Softplus Softsign Erf Sin Cos Atan HardSigmoid Elu Selu LeakyRelu Sign".split():
        float_case(f"unary {op}", op, {"X": F})
    for op in "Sqrt Log Reciprocal Acosh Asinh".split():
        float_case(f"unary {op}", op, {"X": P})
    for op in "Tan Sinh Cosh".split():
        float_case(f"unary {op}", op, {"X": F[:, :2] / 4}, tolerance=1e-5)
    for op in "Asin Acos Atanh".split():
        float_case(f"unary {op}", op, {"X": F[2:3, :2] / 4})
    for op in "Abs Neg Sqrt Exp Floor Relu Sigmoid Tanh".split():
        source = P if op == "Sqrt" else F
        float_case(f"unary {op} of doubles", op, {"X": source.astype(np.float64) / 3}, tolerance=1e-12 if op != "Tanh" else 1e-6)
    for op in "Abs Neg Sign".split():
        float_case(f"unary {op} of whole numbers", op, {"X": I})
    float_case("round half to even", "Round", {"X": np.array([[0.5, 1.5, -2.5, 2.50001, -0.5]], dtype=np.float32)})
    float_case("Gelu", "Gelu", {"X": F}, opset=20)
    float_case("Gelu by tanh", "Gelu", {"X": F}, opset=20, approximate="tanh", tolerance=1e-5)
    float_case("IsNaN", "IsNaN", {"X": F}, cast=True)
    odd = np.array([[INF, -INF, NAN, 1.0]], dtype=np.float32)
    float_case("IsInf", "IsInf", {"X": odd}, cast=True)
    float_case("IsInf above", "IsInf", {"X": odd}, cast=True, detect_negative=0)
    float_case("LeakyRelu alpha", "LeakyRelu", {"X": F}, alpha=0.3)
    float_case("Elu alpha", "Elu", {"X": F}, alpha=0.4)
    float_case("PRelu", "PRelu", {"X": F}, {"s": np.array([0.5, -1.0, 2.0], dtype=np.float32)})
    float_case("Clip both", "Clip", {"X": F}, {"lo": np.float32(-1), "hi": np.float32(2)})
    float_case("Clip above", "Clip", {"X": F}, {"hi": np.float32(2)}, inputs=["X", "", "hi"])
    float_case("Clip by attributes", "Clip", {"X": F}, opset=6, min=-0.5, max=1.0)


def binary():
    c = np.array([0.3, -2.0, 5.0], dtype=np.float32)
    for op in "Add Sub Mul Div".split():
        float_case(f"{op} constant", op, {"X": F}, {"c": c})
        float_case(f"constant {op}", op, {"X": P}, {"c": c}, inputs=["c", "X"])
        float_case(f"{op} inputs", op, {"A": F, "B": P})
        float_case(f"{op} whole numbers", op, {"X": I}, {"c": np.array([2, -3, 4], dtype=np.int64)})
        float_case(f"{op} doubles", op, {"X": F.astype(np.float64)}, {"c": c.astype(np.float64)}, tolerance=1e-15)
        float_case(f"{op} column", op, {"A": F, "B": P[:, :1]})
    float_case("Pow constant", "Pow", {"X": P}, {"c": np.array([2, 0.5, -1.5], dtype=np.float32)})
    float_case("constant Pow", "Pow", {"X": F[2:]}, {"c": np.array([2, 0.5, 1.01], dtype=np.float32)}, inputs=["c", "X"], tolerance=1e-5)
    float_case("Pow of whole numbers", "Pow", {"X": I}, {"c": np.array([2], dtype=np.int64)})
    float_case("Mod of whole numbers", "Mod", {"X": I}, {"c": np.array([4, 3, -5], dtype=np.int64)})
    float_case("Mod as fmod", "Mod", {"X": P}, {"c": np.array([0.7, -1.0, 2.0], dtype=np.float32)}, fmod=1)
    for op in "Less LessOrEqual Greater GreaterOrEqual Equal".split():
        float_case(f"{op} constant", op, {"X": F}, {"c": np.array([0.5, 3.0, 0.0], dtype=np.float32)}, cast=True)
        float_case(f"constant {op}", op, {"X": F}, {"c": np.array([1.5, 3.0, 0.0], dtype=np.float32)}, inputs=["c", "X"], cast=True)
        float_case(f"{op} inputs", op, {"A": F, "B": F[:, ::-1].copy()}, cast=True)
    for op in "Max Min Sum Mean".split():
        float_case(f"{op} of three", op, {"A": F, "B": F[:, ::-1].copy()}, {"c": np.array([1.0], dtype=np.float32)})
    for op in "And Or Xor".split():
        nodes = [
            h.make_node("Greater", ["X", "c"], ["a"]),
            h.make_node("Less", ["X", "d"], ["b"]),
            h.make_node(op, ["a", "b"], ["r"]),
            h.make_node("Not", ["r"], ["n"]),
            h.make_node("Cast", ["r"], ["f"], to=T.FLOAT),
            h.make_node("Cast", ["n"], ["g"], to=T.FLOAT),
            h.make_node("Concat", ["f", "g"], ["Y"], axis=1),
        ]
        case(f"{op} and Not", nodes, {"X": F}, [("Y", T.FLOAT)], {"c": np.float32(0), "d": np.float32(2)})
    nodes = [
        h.make_node("Greater", ["X", "c"], ["a"]),
        h.make_node("Where", ["a", "X", "d"], ["Y"]),
    ]
    case("Where", nodes, {"X": F}, [("Y", T.FLOAT)], {"c": np.float32(0), "d": np.array([9, 8, 7], dtype=np.float32)})


def casts():
    for name, array in {"float": F[2:], "double": F[2:].astype(np.float64) / 3, "int64": I, "int32": I.astype(np.int32), "bool": I > 0}.items():
        for to in (T.FLOAT, T.DOUBLE, T.INT64, T.INT32, T.BOOL):
            nodes = [h.make_node("Cast", ["X"], ["r"], to=to), h.make_node("Cast", ["r"], ["Y"], to=T.DOUBLE)]
            case(f"Cast {name} to {T.DataType.Name(to)}", nodes, {"X": array}, [("Y", T.DOUBLE)])
    great = np.array([[16777217.0, 0.1, 1e300]], dtype=np.float64)
    nodes = [h.make_node("Cast", ["X"], ["r"], to=T.FLOAT), h.make_node("Cast", ["r"], ["Y"], to=T.DOUBLE)]
    case("Cast double to float and back", nodes, {"X": great}, [("Y", T.DOUBLE)])


def arrange():
    m = np.arange(5 * 2 * 3, dtype=np.float32).reshape(5, 2, 3) * F[0, 0]
    for perm in ([0, 2, 1], [2, 1, 0]):
        float_case(f"Transpose {perm}", "Transpose", {"X": m}, perm=perm)
    float_case("Transpose all", "Transpose", {"X": m})
    for shape in ([0, -1], [3, 2], [-1], [1, 3, 2, 1]):
        float_case(f"Reshape {shape}", "Reshape", {"X": m}, {"s": np.array(shape, dtype=np.int64)})
    float_case("Flatten 2", "Flatten", {"X": m}, axis=2)
    float_case("Flatten 0", "Flatten", {"X": m}, axis=0)
    float_case("Squeeze", "Squeeze", {"X": m[:, :1]}, {"a": np.array([1], dtype=np.int64)})
    float_case("Squeeze all", "Squeeze", {"X": m[:, :1]})
    float_case("Squeeze by attribute", "Squeeze", {"X": m[:, :1]}, opset=11, axes=[1])
    float_case("Unsqueeze", "Unsqueeze", {"X": F}, {"a": np.array([0, -1], dtype=np.int64)})
    float_case("Unsqueeze by attribute", "Unsqueeze", {"X": F}, opset=11, axes=[1])
    for axis in (0, 1, -1):
        float_case(f"Concat {axis}", "Concat", {"A": F, "B": P}, axis=axis)
    s = lambda *values: np.array(values, dtype=np.int64)
    float_case("Slice", "Slice", {"X": m}, {"b": s(1), "e": s(2**62), "x": s(2)})
    float_case("Slice backwards", "Slice", {"X": m}, {"b": s(-1), "e": s(-(2**62)), "x": s(-1), "t": s(-2)})
    float_case("Slice two axes", "Slice", {"X": m}, {"b": s(0, 1), "e": s(1, 3), "x": s(1, 2)})
    float_case("Slice by attributes", "Slice", {"X": m}, opset=9, starts=[1], ends=[3], axes=[2])
    float_case("Gather 1", "Gather", {"X": m}, {"i": s(1, 0, -1)}, axis=1)
    float_case("Gather of two dimensions", "Gather", {"X": F}, {"i": np.array([[0, 2], [1, 1]])}, axis=1)
    float_case("Gather a number", "Gather", {"X": F}, {"i": np.int64(2)}, axis=1)
    float_case("GatherElements", "GatherElements", {"X": F}, {"i": np.array([[2, 0, 1, -1]])}, axis=1)
    float_case("Expand", "Expand", {"X": F}, {"s": s(2, 1, 3)})
    float_case("Tile", "Tile", {"X": F}, {"r": s(2, 3)})
    float_case("Pad", "Pad", {"X": F}, {"p": s(0, 2, 0, 1), "v": np.float32(-7)})
    float_case("Compress", "Compress", {"X": F}, {"k": np.array([True, False, True])}, axis=1)
    nodes = [h.make_node("Split", ["X", "s"], ["a", "b"], axis=1), h.make_node("Concat", ["b", "a"], ["Y"], axis=1)]
    case("Split", nodes, {"X": F}, [("Y", T.FLOAT)], {"s": s(1, 2)})
    nodes = [h.make_node("Split", ["X"], ["a", "b"], axis=1, num_outputs=2), h.make_node("Concat", ["b", "a"], ["Y"], axis=1)]
    case("Split evenly", nodes, {"X": F}, [("Y", T.FLOAT)])
    nodes = [
        h.make_node("Shape", ["X"], ["s"]),
        h.make_node("ConstantOfShape", ["s"], ["o"], value=h.make_tensor("v", T.FLOAT, [1], [2.0])),
        h.make_node("Add", ["X", "o"], ["Y"]),
    ]
    case("Shape and ConstantOfShape", nodes, {"X": F}, [("Y", T.FLOAT)])
    nodes = [
        h.make_node("Size", ["X"], ["n"]),
        h.make_node("Range", ["z", "n", "o"], ["r"]),
        h.make_node("Cast", ["r"], ["f"], to=T.FLOAT),
        h.make_node("Mul", ["X", "f"], ["Y"]),
    ]
    case("Size and Range", nodes, {"X": F}, [("Y", T.FLOAT)], {"z": np.int64(0), "o": np.int64(1)})
    nodes = [h.make_node("OneHot", ["X", "d", "v"], ["Y"], axis=-1)]
    case("OneHot", nodes, {"X": I}, [("Y", T.FLOAT)], {"d": np.int64(4), "v": np.array([-1, 5], dtype=np.float32)})
    nodes = [h.make_node("ArgMax", ["X"], ["i"], axis=1, keepdims=1), h.make_node("GatherElements", ["P", "i"], ["Y"], axis=1)]
    case("GatherElements by a row", nodes, {"X": np.nan_to_num(F), "P": P}, [("Y", T.FLOAT)])
    nodes = [h.make_node("ArgMax", ["X"], ["i"], axis=1, keepdims=0), h.make_node("Gather", ["c", "i"], ["Y"], axis=0)]
    case("Gather constants by a row", nodes, {"X": np.nan_to_num(F)}, [("Y", T.FLOAT)], {"c": np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)})
    branches = [h.make_graph([h.make_node(op, ["X"], ["b"])], op, [], [h.make_tensor_value_info("b", T.FLOAT, None)]) for op in ("Neg", "Abs")]
    case("If", [h.make_node("If", ["c"], ["Y"], then_branch=branches[0], else_branch=branches[1])], {"X": F}, [("Y", T.FLOAT)], {"c": np.array(False)})
    body = h.make_graph(
        [h.make_node("Sub", ["point", "X"], ["d"]), h.make_node("ReduceSumSquare", ["d"], ["q"], keepdims=0), h.make_node("Add", ["state", "q"], ["next"])],
        "body",
        [h.make_tensor_value_info("state", T.FLOAT, []), h.make_tensor_value_info("point", T.FLOAT, [3])],
        [h.make_tensor_value_info("next", T.FLOAT, []), h.make_tensor_value_info("q", T.FLOAT, [])],
    )
    nodes = [
        h.make_node("Scan", ["z", "points"], ["sum", "all"], body=body, num_scan_inputs=1),
        h.make_node("Reshape", ["sum", "one"], ["s"]),
        h.make_node("Concat", ["s", "all"], ["Y"], axis=0),
    ]
    constants = {"z": np.float32(0), "points": np.array([[1, 2, 3], [0, -1, 0.5]], dtype=np.float32), "one": s(1)}
    case("Scan", nodes, {"X": np.nan_to_num(F)}, [("Y", T.FLOAT)], constants)


def reductions():
    m = (np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3) - 7) / 3
    for op in "ReduceSum ReduceMean ReduceProd ReduceMin ReduceMax ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp".split():
        float_case(f"{op} last", op, {"X": m}, {"a": np.array([-1], dtype=np.int64)}, keepdims=0, tolerance=2e-6)
        float_case(f"{op} all", op, {"X": m}, tolerance=2e-6)
        float_case(f"{op} by attribute", op, {"X": m}, opset=11, axes=[1], tolerance=2e-6)
    float_case("ReduceLogSum", "ReduceLogSum", {"X": m + 5}, {"a": np.array([2], dtype=np.int64)})
    float_case("ReduceSum of none", "ReduceSum", {"X": m}, noop_with_empty_axes=1)
    float_case("ReduceMax with NaN", "ReduceMax", {"X": F}, {"a": np.array([1], dtype=np.int64)})
    float_case("ReduceSum of whole numbers", "ReduceSum", {"X": I}, {"a": np.array([1], dtype=np.int64)})
    ties = np.array([[2, 5, 5, 1], [3, 3, 0, 3]], dtype=np.float32)
    for op in ("ArgMax", "ArgMin"):
        for last in (0, 1):
            float_case(f"{op} last {last}", op, {"X": ties}, cast=True, axis=1, select_last_index=last)
        float_case(f"{op} axis 1 of 3", op, {"X": m}, cast=True, axis=1, keepdims=0)
    for op in ("Softmax", "LogSoftmax"):
        float_case(op, op, {"X": m})
        float_case(f"{op} axis 1", op, {"X": m}, axis=1)
        float_case(f"{op} version 11", op, {"X": m}, opset=11)
        float_case(f"{op} of doubles", op, {"X": m.astype(np.float64)}, tolerance=1e-12)
    for largest in (0, 1):
        nodes = [
            h.make_node("TopK", ["X", "k"], ["v", "i"], axis=1, largest=largest),
            h.make_node("Cast", ["i"], ["f"], to=T.FLOAT),
            h.make_node("Concat", ["v", "f"], ["Y"], axis=1),
        ]
        case(f"TopK largest {largest}", nodes, {"X": ties}, [("Y", T.FLOAT)], {"k": np.array([3], dtype=np.int64)})
    for exclusive in (0, 1):
        for reverse in (0, 1):
            float_case(f"CumSum {exclusive} {reverse}", "CumSum", {"X": ties}, {"a": np.int64(1)}, exclusive=exclusive, reverse=reverse)
    for p in (1, 2):
        float_case(f"LpNormalization {p}", "LpNormalization", {"X": np.vstack([np.nan_to_num(F), np.zeros((1, 3), dtype=np.float32)])}, p=p, axis=1)
    c = lambda *values: np.array(values, dtype=np.float32)
    float_case("BatchNormalization", "BatchNormalization", {"X": F}, {"s": c(1, 2, 0.5), "b": c(0, 1, -1), "m": c(0.1, -0.2, 3), "v": c(1, 4, 0.25)}, epsilon=1e-3)
    float_case("BatchNormalization of channels", "BatchNormalization", {"X": m}, {"s": c(1, 2), "b": c(0, 1), "m": c(0.1, -0.2), "v": c(1, 4)})
    float_case("LayerNormalization", "LayerNormalization", {"X": m}, {"s": c(1, 2, 3), "b": c(0, 1, 0)}, tolerance=1e-5)


def matrices():
    w = (np.arange(12, dtype=np.float32).reshape(3, 4) - 5) / 7
    float_case("MatMul right", "MatMul", {"X": F}, {"w": w})
    float_case("MatMul left", "MatMul", {"X": np.stack([P, P[::-1]], axis=2)}, {"w": w.T.copy().reshape(1, 4, 3)}, inputs=["w", "X"])
    float_case("MatMul vector", "MatMul", {"X": F}, {"w": w[:, 0].copy()})
    nodes = [h.make_node("Transpose", ["X"], ["t"], perm=[1, 0]), h.make_node("MatMul", ["t", "X"], ["Y"])]
    case("MatMul of a row with itself", nodes, {"X": P}, [("Y", T.FLOAT)])
    float_case("Gemm", "Gemm", {"X": F}, {"w": w, "b": w[0].copy()})
    float_case("Gemm scaled", "Gemm", {"X": F}, {"w": w.T.copy(), "b": np.float32(2)}, transB=1, alpha=0.5, beta=-2.0)
    float_case("Gemm without a bias", "Gemm", {"X": F}, {"w": w}, alpha=3.0)


def encoders():
    le = lambda name, feeds, kind, ml=2, **a: case(
        f"LabelEncoder {name}", [h.make_node("LabelEncoder", ["X"], ["Y"], domain=ML, **a)], feeds, [("Y", kind)], ml=ml
    )
    text = {"X": TEXT[:, :1]}
    both = {"X": TEXT}
    le("text to float", both, T.FLOAT, keys_strings=["a", "", "x"], values_floats=[1.5, 2.5, -3.0], default_float=9.0)
    le("text to int", both, T.INT64, keys_strings=["a", "b", "a"], values_int64s=[1, 2, 3])
    le("text to text", text, T.STRING, keys_strings=["a", "b"], values_strings=["first", "second"], default_string="none")
    le("int to text", {"X": I[:, :1]}, T.STRING, keys_int64s=[3, 5], values_strings=["three", "five"])
    le("float to int", {"X": F}, T.INT64, keys_floats=[1.5, 0.0, NAN], values_int64s=[1, 2, 3], default_int64=-4)
    le("float to float", {"X": F}, T.FLOAT, keys_floats=[1.5, 0.5], values_floats=[10.0, 20.0])
    le("int to int", {"X": I}, T.INT64, ml=4, keys_int64s=[3, -7], values_int64s=[30, 70])
    le(
        "tensors", {"X": F.astype(np.float64)}, T.DOUBLE, ml=4,
        keys_tensor=h.make_tensor("k", T.DOUBLE, [3], [1.5, NAN, 0.5]), values_tensor=h.make_tensor("v", T.DOUBLE, [3], [0.1, 0.2, 0.3]),
        default_tensor=h.make_tensor("d", T.DOUBLE, [1], [-0.1]),
    )
    float_case("OneHotEncoder texts", "OneHotEncoder", both, domain=ML, cats_strings=["a", "x", ""], zeros=1)
    float_case("OneHotEncoder whole numbers", "OneHotEncoder", {"X": I}, domain=ML, cats_int64s=[3, -7, 0, 2], zeros=1)
    float_case("OneHotEncoder floats", "OneHotEncoder", {"X": F[2:]}, domain=ML, cats_int64s=[0, 2, -1, 7], zeros=1)
    float_case("OneHotEncoder doubles", "OneHotEncoder", {"X": F[2:].astype(np.float64)}, domain=ML, cats_int64s=[0, 2, -1, 7], zeros=1)
    nodes = [h.make_node("CategoryMapper", ["X"], ["Y"], domain=ML, cats_int64s=[4, 5], cats_strings=["a", "b"], default_int64=-3, default_string="?")]
    case("CategoryMapper to numbers", nodes, {"X": TEXT}, [("Y", T.INT64)])
    case("CategoryMapper to texts", nodes, {"X": I[:, :1] + 2}, [("Y", T.STRING)])
    nodes = [h.make_node("Equal", ["X", "c"], ["e"]), h.make_node("Cast", ["e"], ["Y"], to=T.FLOAT)]
    case("Equal texts", nodes, {"X": TEXT}, [("Y", T.FLOAT)], {"c": np.array(["a", "x"], dtype=object)}, opset=19)
    nodes = [h.make_node("Concat", ["X", "Z"], ["b"], axis=1), h.make_node("OneHotEncoder", ["b"], ["Y"], domain=ML, cats_strings=["x", "y", "q"])]
    case("OneHotEncoder of two text inputs", nodes, {"X": TEXT[:, :1], "Z": TEXT[:, 1:]}, [("Y", T.FLOAT)])
    float_case("ArrayFeatureExtractor", "ArrayFeatureExtractor", {"X": F}, {"i": np.array([[2, 0]])}, domain=ML)
    for kind in ("string", "int64"):
        vocabulary = ["a", "b", "c"] if kind == "string" else [1, 5, 9]
        rows = [{vocabulary[0]: 1.5}, {vocabulary[1]: -2.0, vocabulary[2]: 0.5}]
        key = T.STRING if kind == "string" else T.INT64
        map_type = h.make_map_type_proto(key, h.make_tensor_type_proto(T.FLOAT, []))
        nodes = [h.make_node("DictVectorizer", ["X"], ["Y"], domain=ML, **{f"{kind}_vocabulary": vocabulary})]
        case(f"DictVectorizer {kind}", nodes, {"X": rows}, [("Y", T.FLOAT)], map_type=map_type, ml=1)
    map_type = h.make_map_type_proto(T.INT64, h.make_tensor_type_proto(T.FLOAT, []))
    nodes = [h.make_node("CastMap", ["X"], ["Y"], domain=ML, cast_to="TO_FLOAT", map_form="SPARSE", max_map=3)]
    case("CastMap", nodes, {"X": [{0: 1.5}, {1: 2.0, 2: -1.0}]}, [("Y", T.FLOAT)], map_type=map_type, ml=1)


def scaling():
    for norm in ("MAX", "L1", "L2"):
        float_case(f"Normalizer {norm}", "Normalizer", {"X": np.vstack([F[2:], np.zeros((1, 3), dtype=np.float32)])}, domain=ML, norm=norm)
    float_case("Normalizer of whole numbers", "Normalizer", {"X": I}, domain=ML, norm="L1")
    for name, array in {"floats": F, "doubles": F.astype(np.float64), "whole numbers": I}.items():
        float_case(f"Scaler of {name}", "Scaler", {"X": array}, domain=ML, offset=[0.1, 0.2, -0.3], scale=[3.0, 0.5, 2.0])
    float_case("Imputer NaN", "Imputer", {"X": F}, domain=ML, imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=NAN)
    float_case("Imputer one value", "Imputer", {"X": F}, domain=ML, imputed_value_floats=[7.0], replaced_value_float=-0.5)
    float_case("Binarizer", "Binarizer", {"X": F[2:]}, domain=ML, threshold=0.25)
    nodes = [h.make_node("FeatureVectorizer", ["A", "B"], ["Y"], domain=ML, inputdimensions=[2, 4])]
    case("FeatureVectorizer", nodes, {"A": I, "B": I[:, :2]}, [("Y", T.FLOAT)])


def classifiers():
    two = [("L", T.INT64), ("Y", T.FLOAT)]
    text = [("L", T.STRING), ("Y", T.FLOAT)]
    clean = np.nan_to_num(F)
    for transform in "NONE LOGISTIC SOFTMAX SOFTMAX_ZERO".split():
        node = h.make_node("LinearClassifier", ["X"], ["L", "Y"], domain=ML, coefficients=[0.3, 0.2, -0.1], intercepts=[0.1], classlabels_ints=[3, 5], post_transform=transform)
        case(f"LinearClassifier one row {transform}", [node], {"X": clean}, two, tolerance=1e-5)
        node = h.make_node("LinearClassifier", ["X"], ["L", "Y"], domain=ML, coefficients=np.linspace(-1, 1, 9), intercepts=[0.1, 0, -0.2], classlabels_strings=["a", "b", "c"], post_transform=transform)
        case(f"LinearClassifier {transform}", [node], {"X": clean}, text, tolerance=1e-5)
        for kernel in ("LINEAR", "RBF"):
            svm = dict(kernel_type=kernel, kernel_params=[0.25, 0.5, 3.0], support_vectors=np.linspace(-2, 2, 12), classlabels_ints=[3, 5], post_transform=transform)
            node = h.make_node("SVMClassifier", ["X"], ["L", "Y"], domain=ML, coefficients=[0.3, -0.2, 0.7, 1.0], rho=[0.1], vectors_per_class=[3, 1], **svm)
            case(f"SVMClassifier {kernel} {transform}", [node], {"X": clean}, two, tolerance=1e-5)
        node = h.make_node("SVMClassifier", ["X"], ["L", "Y"], domain=ML, kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0], coefficients=np.linspace(-1, 1, 6), rho=[0.3], classlabels_strings=["n", "y"], post_transform=transform)
        case(f"SVMClassifier without vectors {transform}", [node], {"X": clean}, text, tolerance=1e-5)
    node = h.make_node("SVMClassifier", ["X"], ["L", "Y"], domain=ML, kernel_type="RBF", kernel_params=[0.1, 0.0, 0.0], coefficients=np.linspace(-1, 1, 12), rho=[0.1, -0.2, 0.3, 0.05, 0.0, -0.1], support_vectors=np.linspace(-2, 3, 12), vectors_per_class=[1, 1, 1, 1], prob_a=[-1.0] * 6, prob_b=[0.1, 0, -0.1, 0, 0.2, 0], classlabels_ints=[0, 1, 2, 3])
    case("SVMClassifier of four classes with probabilities", [node], {"X": clean}, two, tolerance=1e-4)
    node = h.make_node("SVMRegressor", ["X"], ["Y"], domain=ML, kernel_type="POLY", kernel_params=[0.5, 1.0, 2.0], coefficients=[0.5, -1.0], rho=[0.2], support_vectors=np.linspace(-1, 1, 6), n_supports=2)
    case("SVMRegressor POLY", [node], {"X": clean}, [("Y", T.FLOAT)], tolerance=1e-5)
    nodes = [
        h.make_node("ArgMax", ["X"], ["i"], axis=1, keepdims=0),
        h.make_node("ArrayFeatureExtractor", ["c", "i"], ["L"], domain=ML),
        h.make_node("Softmax", ["X"], ["Y"]),
    ]
    case("labels by ArgMax", nodes, {"X": clean}, text, {"c": np.array(["p", "q", "r"], dtype=object)})
    nodes = [
        h.make_node("Less", ["X", "z"], ["b"]),
        h.make_node("Cast", ["b"], ["i"], to=T.INT64),
        h.make_node("Mul", ["i", "m"], ["d"]),
        h.make_node("Add", ["d", "o"], ["L"]),
        h.make_node("Identity", ["X"], ["Y"]),
    ]
    case("labels by arithmetic", nodes, {"X": clean[:, 1:2]}, two, {"z": np.float32(0), "m": np.int64(-2), "o": np.int64(1)})


def trees():
    x = np.array([[1, 2, 3], [2, -1, 0.5], [NAN, 2, 7], [3, NAN, 2], [0, 0, NAN], [1, 5, 2]], dtype=np.float32)
    # A root, two branches below it, four leaves; and a tree of one branch.
    nodes = dict(
        nodes_treeids=[0] * 7 + [1] * 3,
        nodes_nodeids=[0, 1, 2, 3, 4, 5, 6, 0, 1, 2],
        nodes_truenodeids=[1, 3, 5, 0, 0, 0, 0, 1, 0, 0],
        nodes_falsenodeids=[2, 4, 6, 0, 0, 0, 0, 2, 0, 0],
        nodes_featureids=[0, 1, 2, 0, 0, 0, 0, 2, 0, 0],
        nodes_values=[1.0, 2.0, 2.0, 0, 0, 0, 0, 3.0, 0, 0],
    )
    based = lambda values: {"base_values": values} if values else {}
    modes = lambda a, b, c, d: [f"BRANCH_{m}" for m in (a, b, c)] + ["LEAF"] * 4 + [f"BRANCH_{d}"] + ["LEAF"] * 2
    leaves = dict(target_treeids=[0, 0, 0, 0, 1, 1], target_nodeids=[3, 4, 5, 6, 1, 2])
    weights = [0.1, 0.25, -0.3, 4.0, 1e-3, 16.0]
    mixes = [("LEQ", "LT", "GT", "GTE"), ("LT", "GTE", "LT", "LEQ"), ("EQ", "NEQ", "LEQ", "EQ"), ("NEQ", "GT", "EQ", "LT"), ("EQ", "EQ", "EQ", "NEQ")]
    for mix in mixes:
        for missing in (0, 1):
            for name, array in {"floats": x, "doubles": x.astype(np.float64)}.items():
                node = h.make_node(
                    "TreeEnsembleRegressor", ["X"], ["Y"], domain=ML, nodes_modes=modes(*mix), nodes_missing_value_tracks_true=[missing] * 10,
                    n_targets=1, target_ids=[0] * 6, target_weights=weights, base_values=[0.7], **nodes, **leaves,
                )
                case(f"TreeEnsembleRegressor {' '.join(mix)} missing {missing} of {name}", [node], {"X": array}, [("Y", T.FLOAT)])
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        for base in ([], [0.5, -0.25, 3.0]):
            node = h.make_node(
                "TreeEnsembleRegressor", ["X"], ["Y"], domain=ML, nodes_modes=modes("LEQ", "LEQ", "LEQ", "LEQ"), aggregate_function=aggregate,
                n_targets=3, target_ids=[0, 1, 0, 1, 1, 2], target_weights=weights, **based(base), **nodes, **leaves,
            )
            case(f"TreeEnsembleRegressor {aggregate} of three targets, base {len(base)}", [node], {"X": x}, [("Y", T.FLOAT)])
    classes = lambda ids: dict(class_treeids=leaves["target_treeids"], class_nodeids=leaves["target_nodeids"], class_ids=ids)
    for name, ids in {"first": [0] * 6, "second": [1] * 6, "both": [0, 1, 0, 1, 1, 0]}.items():
        for base in ([], [0.2], [0.2, -0.4]):
            for sign in ("mixed", "positive"):
                for transform in ("NONE", "LOGISTIC"):
                    if name == "both" and len(base) == 1:
                        continue  # onnxruntime leaves a score unset
                    node = h.make_node(
                        "TreeEnsembleClassifier", ["X"], ["L", "Y"], domain=ML, nodes_modes=modes("LEQ", "LEQ", "LEQ", "LEQ"), **based(base),
                        class_weights=np.abs(weights) / 8 if sign == "positive" else weights, classlabels_int64s=[0, 1], post_transform=transform, **nodes, **classes(ids),
                    )
                    case(f"TreeEnsembleClassifier of {name}, {sign}, base {len(base)}, {transform}", [node], {"X": x}, [("L", T.INT64), ("Y", T.FLOAT)])
    for base in ([], [0.1, -5.0, 0.3]):
        for transform in ("NONE", "SOFTMAX", "SOFTMAX_ZERO", "LOGISTIC"):
            node = h.make_node(
                "TreeEnsembleClassifier", ["X"], ["L", "Y"], domain=ML, nodes_modes=modes("LEQ", "LEQ", "LEQ", "LEQ"), **based(base),
                class_weights=[-w for w in weights], classlabels_strings=["a", "b", "c"], post_transform=transform, **nodes, **classes([0, 1, 2, 1, 1, 0]),
            )
            case(f"TreeEnsembleClassifier of three, base {len(base)}, {transform}", [node], {"X": x}, [("L", T.STRING), ("Y", T.FLOAT)])
    doubles = {key: value for key, value in nodes.items() if key != "nodes_values"}
    node = h.make_node(
        "TreeEnsembleRegressor", ["X"], ["Y"], domain=ML, nodes_modes=modes("LEQ", "LT", "GT", "GTE"), n_targets=1, target_ids=[0] * 6,
        nodes_values_as_tensor=h.make_tensor("v", T.DOUBLE, [10], [1 + 1e-12, 2.0, 2.0, 0, 0, 0, 0, 3.0, 0, 0]),
        target_weights_as_tensor=h.make_tensor("w", T.DOUBLE, [6], weights), **doubles, **leaves,
    )
    exact = np.array([[1 + 5e-13, 1, 1], [1 + 2e-12, 1, 1], [1, 2, 3]], dtype=np.float64)
    case("TreeEnsembleRegressor of doubles in tensors", [node], {"X": exact}, [("Y", T.FLOAT)])
    # A chain of tests for equality that all end in one leaf, as converters of LightGBM write sets.
    node = h.make_node(
        "TreeEnsembleRegressor", ["X"], ["Y"], domain=ML, nodes_treeids=[0] * 5, nodes_nodeids=[0, 1, 2, 3, 4], nodes_modes=["BRANCH_EQ"] * 3 + ["LEAF"] * 2,
        nodes_featureids=[0] * 5, nodes_values=[1.0, 3.0, 0.0, 0, 0], nodes_truenodeids=[3, 3, 3, 0, 0], nodes_falsenodeids=[1, 2, 4, 0, 0],
        nodes_missing_value_tracks_true=[0] * 5, n_targets=1, target_ids=[0, 0], target_treeids=[0, 0], target_nodeids=[3, 4], target_weights=[1.0, -1.0],
    )
    case("TreeEnsembleRegressor of a set by equality", [node], {"X": x}, [("Y", T.FLOAT)])
    for mode in range(7):
        for missing in (0, 1):
            for kind, dtype in (("floats", np.float32), ("doubles", np.float64)):
                element = T.FLOAT if dtype == np.float32 else T.DOUBLE
                node = h.make_node(
                    "TreeEnsemble", ["X"], ["Y"], domain=ML, aggregate_function=1, post_transform=0, n_targets=2, tree_roots=[0, 2],
                    nodes_modes=h.make_tensor("m", T.UINT8, [3], [mode, 0, mode]), nodes_featureids=[0, 1, 2], nodes_missing_value_tracks_true=[missing] * 3,
                    nodes_splits=h.make_tensor("s", element, [3], [1.0, 2.0, 2.0]), nodes_truenodeids=[1, 0, 2], nodes_trueleafs=[0, 1, 1],
                    nodes_falsenodeids=[1, 3, 3], nodes_falseleafs=[1, 1, 1], leaf_targetids=[0, 1, 1, 0], leaf_weights=h.make_tensor("w", element, [4], [5.23, 12.12, -12.23, 7.21]),
                    **({"membership_values": h.make_tensor("e", element, [6], [1.0, 3.0, NAN, 2.0, 7.0, NAN])} if mode == 6 else {}),
                )
                case(f"TreeEnsemble mode {mode} missing {missing} of {kind}", [node], {"X": x.astype(dtype)}, [("Y", element)], opset=20, ml=5)


def limits():
    """NaN, infinities and numbers that their next type does not hold."""
    odd = np.array([[NAN, INF, -INF], [3e9, -3e9, -1.5], [1e19, -1e19, 70000.0], [-0.75, 300.0, -129.0]], dtype=np.float32)
    for name, array in {"float": odd, "double": odd.astype(np.float64)}.items():
        for to in (T.INT64, T.INT32, T.UINT32, T.INT16, T.UINT16, T.INT8, T.UINT8):
            nodes = [h.make_node("Cast", ["X"], ["r"], to=to), h.make_node("Cast", ["r"], ["Y"], to=T.DOUBLE)]
            case(f"Cast {name} to {T.DataType.Name(to)}, past its limits", nodes, {"X": array}, [("Y", T.DOUBLE)])
    great = np.array([[2**31, -(2**31) - 1, 70000], [-1, 300, 2**40 + 5]], dtype=np.int64)
    for to in (T.INT32, T.UINT32, T.INT16, T.UINT16, T.INT8, T.UINT8):
        nodes = [h.make_node("Cast", ["X"], ["r"], to=to), h.make_node("Cast", ["r"], ["Y"], to=T.DOUBLE)]
        case(f"Cast int64 to {T.DataType.Name(to)}, past its limits", nodes, {"X": great}, [("Y", T.DOUBLE)])
    nodes = [h.make_node("Pow", ["c", "X"], ["r"]), h.make_node("Cast", ["r"], ["Y"], to=T.DOUBLE)]
    case("Pow of whole numbers past their limits", nodes, {"X": np.array([[-1, 40], [2, -3]], dtype=np.int32)}, [("Y", T.DOUBLE)], {"c": np.array([0, 2], dtype=np.int32)})
    for dtype in (np.float32, np.float64):
        x = odd.astype(dtype)
        float_case(f"Clip below of {dtype.__name__}", "Clip", {"X": x}, {"lo": dtype(-1)}, tolerance=0)
        float_case(f"Clip above of {dtype.__name__}", "Clip", {"X": x}, {"hi": dtype(-1)}, inputs=["X", "", "hi"], tolerance=0)
        float_case(f"Clip without bounds of {dtype.__name__}", "Clip", {"X": x}, tolerance=0)
    float_case("LogSoftmax of infinities", "LogSoftmax", {"X": np.array([[INF, 1, 2], [-INF, 1, 2], [NAN, 1, 2]], dtype=np.float32)})
    for exclusive in (0, 1):
        for reverse in (0, 1):
            wild = np.array([[1, INF, 2], [NAN, 1, 2], [1, -INF, INF]], dtype=np.float32)
            float_case(f"CumSum {exclusive} {reverse} of infinities", "CumSum", {"X": wild}, {"a": np.int64(1)}, exclusive=exclusive, reverse=reverse)
    float_case("Normalizer MAX without NaN", "Normalizer", {"X": np.array([[NAN, 2, 4], [-1, NAN, -2], [NAN, NAN, NAN]], dtype=np.float32)}, domain=ML, norm="MAX")
    svm = dict(kernel_type="RBF", kernel_params=[0.25, 0.0, 0.0], support_vectors=np.linspace(-2, 2, 12), coefficients=[0.3, -0.2, 0.7, 1.0], rho=[0.1], vectors_per_class=[3, 1], prob_a=[-1.5], prob_b=[0.2], classlabels_ints=[3, 5])
    case("SVMClassifier of NaN", [h.make_node("SVMClassifier", ["X"], ["L", "Y"], domain=ML, **svm)], {"X": F[:2]}, [("L", T.INT64), ("Y", T.FLOAT)], tolerance=1e-5)


def whole_and_empty():
    for axes in ([1], [0, 1]):
        float_case(f"ReduceMean of whole numbers, axes {axes}", "ReduceMean", {"X": I}, {"a": np.array(axes, dtype=np.int64)})
    for op in "ReduceSum ReduceMean ReduceProd ReduceMin ReduceMax ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp".split():
        float_case(f"{op} of no axes", op, {"X": P}, noop_with_empty_axes=1)


def activations():
    x = np.array([[-4, -0.5, 0], [0.25, 0.5, 3.5], [NAN, INF, -INF], [1, -1, 20]], dtype=np.float32)
    for op, opset, attributes in (
        ("HardSwish", 14, {}), ("Mish", 18, {}), ("Shrink", 9, {}),
        ("Shrink", 9, {"lambd": 0.7, "bias": 0.2}), ("ThresholdedRelu", 10, {}), ("ThresholdedRelu", 22, {"alpha": 0.25}),
    ):
        float_case(f"{op} {attributes}", op, {"X": x}, opset=max(opset, 18) if opset != 22 else 22, **attributes)


def chosen_texts():
    # As skl2onnx writes SimpleImputer for texts: the empty one becomes another.
    impute = [
        h.make_node("LabelEncoder", ["X"], ["i"], domain=ML, keys_strings=[""], values_int64s=[1], default_int64=0),
        h.make_node("Cast", ["i"], ["c"], to=T.BOOL),
        h.make_node("Where", ["c", "filler", "X"], ["filled"]),
    ]
    filler = {"filler": np.array(["x"], dtype=object)}
    encode = h.make_node("OneHotEncoder", ["filled"], ["Y"], domain=ML, cats_strings=["a", "b", "x"])
    case("Where of texts before OneHotEncoder", [*impute, encode], {"X": TEXT}, [("Y", T.FLOAT)], filler)
    encode = h.make_node("LabelEncoder", ["filled"], ["Y"], domain=ML, keys_strings=["a", "b", "x"], values_floats=[1.5, 2.5, 3.5], default_float=-1.0)
    case("Where of texts before LabelEncoder", [*impute, encode], {"X": TEXT}, [("Y", T.FLOAT)], filler)
    encode = h.make_node("LabelEncoder", ["filled"], ["Y"], domain=ML, keys_strings=["a", "b", "x"], values_strings=["A", "B", "X"], default_string="?")
    case("Where of texts gives a text", [*impute, encode], {"X": TEXT[:, :1]}, [("Y", T.STRING)], filler)
    nodes = [
        h.make_node("Equal", ["A", "B"], ["c"]),
        h.make_node("Where", ["c", "S", "Z"], ["w"]),
        h.make_node("Equal", ["w", "x"], ["e"]),
        h.make_node("Cast", ["e"], ["Y"], to=T.FLOAT),
    ]
    flags = {"A": np.array([[1], [0], [1], [0]], dtype=np.float32), "B": np.array([[1], [1], [1], [1]], dtype=np.float32)}
    case("Where of two texts", nodes, {**flags, "S": TEXT[:, :1], "Z": TEXT[:, 1:]}, [("Y", T.FLOAT)], {"x": np.array(["x"], dtype=object)}, opset=19)
    nodes = [h.make_node("Where", ["t", "k", "l"], ["w"]), h.make_node("Greater", ["X", "z"], ["c"]), h.make_node("Where", ["c", "w", "l"], ["Y"])]
    constants = {"t": np.array([True]), "k": np.array(["more"], dtype=object), "l": np.array(["less"], dtype=object), "z": np.float32(0)}
    case("Where of known texts", nodes, {"X": F[2:, :1]}, [("Y", T.STRING)], constants)
    nodes = [
        h.make_node("LabelEncoder", ["X"], ["r"], domain=ML, keys_tensor=h.make_tensor("k", T.STRING, [2], [b"a", b"x"]), values_tensor=h.make_tensor("v", T.INT16, [2], [3, 4])),
        h.make_node("Cast", ["r"], ["Y"], to=T.FLOAT),
    ]
    case("LabelEncoder of int16 without a default", nodes, {"X": TEXT}, [("Y", T.FLOAT)], ml=4)


def members():
    """Sets of TreeEnsemble: onnxruntime compares those past 30 with whole parts."""
    x = np.array([[1], [1.5], [2], [2.75], [30.5], [31.5], [40], [40.25], [-0.5], [0], [-2.5], [NAN], [INF]])
    for name, sets in {"small": [1.0, 2.0, 30.0], "fractions": [1.5, 2.75], "great": [1.0, 31.0, 40.0], "negative": [-2.0, 0.0, 2.0]}.items():
        for dtype, element in ((np.float32, T.FLOAT), (np.float64, T.DOUBLE)):
            node = h.make_node(
                "TreeEnsemble", ["X"], ["Y"], domain=ML, aggregate_function=1, n_targets=1, tree_roots=[0], nodes_modes=h.make_tensor("m", T.UINT8, [1], [6]),
                nodes_featureids=[0], nodes_splits=h.make_tensor("s", element, [1], [0.0]), nodes_truenodeids=[0], nodes_trueleafs=[1], nodes_falsenodeids=[1],
                nodes_falseleafs=[1], leaf_targetids=[0, 0], leaf_weights=h.make_tensor("w", element, [2], [1.0, 2.0]),
                membership_values=h.make_tensor("e", element, [len(sets) + 1], [*sets, NAN]),
            )
            case(f"TreeEnsemble of {name} members, {dtype.__name__}", [node], {"X": x.astype(dtype)}, [("Y", element)], opset=20, ml=5)


for make in (unary, binary, casts, arrange, reductions, matrices, encoders, scaling, classifiers, trees, limits, whole_and_empty, activations, chosen_texts, members):
    make()
text = ",\n".join(json.dumps(each) for each in CASES)
pathlib.Path(__file__).with_name("cases.json").write_text(f"[\n{text}\n]\n")
print(len(CASES), "cases")
