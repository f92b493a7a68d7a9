"""Makes the files beside it. Python 3.11, numpy 2.4, joblib 1.6, scipy 1.17; run in this directory."""

import collections
import pickle

import joblib
import numpy as np
import scipy.sparse

plain = {
    "none": None,
    "flags": [True, False],
    "integers": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**53, 2**53 + 1, -(2**63), 2**127],
    "floats": [0.0, -0.0, 0.1, 1e300, float("inf"), float("-inf"), float("nan")],
    "texts": ["", "plain", "Grüße, 世界 🎉", "line\nfeed \\u0041", "x" * 300],
    "bytes": b"\x00\xff",
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "set": {1, 2},
    "frozenset": frozenset([3]),
    "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
    "default": collections.defaultdict(int, {"k": 1}),
    "slice": slice(1, 5, None),
}
plain["again"] = plain["texts"]

arrays = {
    "float64": np.array([[1.5, -2.0, np.nan], [np.inf, 0.1, -0.0]]),
    "fortran": np.asfortranarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    "cube": np.asfortranarray(np.arange(24).reshape(2, 3, 4)),
    "big_endian": np.array([1.5, 2.5], dtype=">f8"),
    "float32": np.array([0.1], dtype="f4"),
    "float16": np.array([0.1, 6e-8, 65504, np.inf], dtype="f2"),
    "integers": [np.array([1, 200], dtype=t) for t in ("u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4")],
    "flags": np.array([True, False]),
    "texts": np.array(["a", "Grüße", ""]),
    "objects": np.array(["a", None, 1, 2.5, float("nan")], dtype=object),
    "grid": np.asfortranarray(np.array([["a", "b"], ["c", "d"]], dtype=object)),
    "empty": np.empty((0, 3)),
    "point": np.array(7.0),
    "scalar": np.float64(2.5),
    "text_scalar": np.str_("yes"),
    "record": np.array([(1, 2.5), (3, 4.5)], dtype=[("id", "i4"), ("value", "f8")]),
    "log": np.log1p,
    "sparse": scipy.sparse.csr_matrix([[0.0, 1.0], [2.0, 0.0]]),
}

for protocol in range(6):
    pickle.dump(plain, open(f"plain-{protocol}.pkl", "wb"), protocol=protocol)
    pickle.dump(arrays, open(f"arrays-{protocol}.pkl", "wb"), protocol=protocol)
joblib.dump(arrays, "arrays.joblib")
joblib.dump(arrays, "arrays-zlib.joblib", compress=3)
joblib.dump(arrays, "arrays-gzip.joblib", compress=("gzip", 3))
joblib.dump(arrays, "arrays-xz.joblib", compress=("xz", 3))
