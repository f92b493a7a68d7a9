"""Makes the cases of this folder whose names are in CASES below: python make.py, with lightgbm 4.7.0 and pandas 3.0.6.

The other folders were made the same way from data that is not kept. Expected values come from the saved file, loaded
again: Booster(model_file=...).predict.
"""

import json
import os
import pathlib

os.environ["OMP_NUM_THREADS"] = "1"

import lightgbm as lgb
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
ROWS = 400
RNG = np.random.RandomState(7)
BASE = dict(num_leaves=8, min_data_in_leaf=5, min_data_per_group=5, seed=3, deterministic=True, num_threads=1, verbosity=-1)
ZERO = np.float32(1e-35)  # what LightGBM takes for zero, and its neighbours

X = RNG.randn(ROWS, 5)
X[:, 1] *= 10
X[RNG.rand(ROWS, 5) < 0.1] = np.nan
X[:, 3] = RNG.randint(0, 70, ROWS)
X[:, 4] = np.where(RNG.rand(ROWS) < 0.5, 0, X[:, 4])
SIGNAL = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) / 10 + X[:, 3] % 3
Y = SIGNAL + RNG.randn(ROWS) * 0.2
CLASS = np.digitize(SIGNAL, [0, 1.5])
EDGES = [np.nan, 0.0, -0.0, np.inf, -np.inf, ZERO, -ZERO, 1e-36, -1e-36, 1.1e-35, -1.1e-35, 1e30, 2.0**31, -0.5, 69.9, -1]
TEST = np.vstack([np.array([[edge] * 5 for edge in EDGES], dtype=np.float64), X[:24]])

LETTERS = RNG.choice(list("abcdef"), ROWS)
LEVEL = pd.Categorical(RNG.choice(["lo", "mid", "hi"], ROWS), categories=["lo", "mid", "hi"], ordered=True)
LEAVES = ((SIGNAL > 1) + (LEVEL.codes > 1) + (LETTERS == "c") >= 2).astype(int)
FLOATS = np.where(LETTERS == "c", 0.5, np.where(LETTERS == "a", np.inf, -7.25))


def number(value):
    value = float(value)
    if np.isfinite(value):
        return value
    return None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def numbers(array):
    return [numbers(row) for row in array] if array.ndim > 1 else [number(value) for value in array]


def cell(value):
    if isinstance(value, (str, bool, np.bool_)):
        return value if isinstance(value, str) else bool(value)
    return number(value)


def save(name, booster, test):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    booster.save_model(folder / "model.txt")
    loaded = lgb.Booster(model_file=folder / "model.txt")
    case = {"lightgbm": lgb.__version__, "input": None if isinstance(test, pd.DataFrame) else numbers(test)}
    if isinstance(test, pd.DataFrame):
        case["columns"] = list(test.columns)
        case["raw_rows"] = [[cell(value) for value in row] for row in test.itertuples(index=False)]
    case["predict"] = numbers(loaded.predict(test))
    case["raw"] = numbers(loaded.predict(test, raw_score=True))
    (folder / "case.json").write_text(json.dumps(case, allow_nan=False) + "\n")


def matrix(name, params, label, categorical="auto", **dataset):
    data = lgb.Dataset(X, label=label, categorical_feature=categorical, **dataset)
    save(name, lgb.train({**BASE, **params}, data, num_boost_round=6), TEST)


def frame(name, columns, categorical="auto"):
    table = pd.DataFrame(columns)
    data = lgb.Dataset(table, label=LEAVES, categorical_feature=categorical)
    save(name, lgb.train({**BASE, "objective": "binary"}, data, num_boost_round=6), table.iloc[:30])


def softmax_gradient(scores, _):
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    one = np.eye(3)[CLASS]
    return p - one, 2 * p * (1 - p)


matrix("multiclassova", dict(objective="multiclassova", num_class=3, sigmoid=1.7), CLASS)
matrix("multiclass_rf", dict(objective="multiclass", num_class=3, boosting="rf", bagging_fraction=0.6, bagging_freq=1), CLASS)
matrix("custom_multi", dict(objective=softmax_gradient, num_class=3), CLASS)
matrix("dart", dict(objective="binary", boosting="dart", drop_rate=0.5), LEAVES)
matrix("l1_sqrt", dict(objective="regression_l1", reg_sqrt=True), Y)
matrix("poisson", dict(objective="poisson"), np.exp(np.clip(SIGNAL, -2, 2)))
matrix("lambdarank", dict(objective="lambdarank"), np.clip(np.round(SIGNAL), 0, 4).astype(int), group=[50] * 8)
matrix("category_words", dict(objective="regression", cat_smooth=1, max_cat_to_onehot=4), Y, categorical=[3])
matrix("linear_category", dict(objective="regression", linear_tree=True), Y, categorical=[3])
matrix("odd_names", dict(objective="regression"), Y, feature_name=["a=b", "ü ñ", "$$", "q'", "select"])

K = pd.Categorical(LETTERS)
frame("pandas_ordered", dict(x=X[:, 0], c=LEVEL, k=K))
frame("pandas_ordered_only", dict(x=X[:, 0], c=LEVEL, w=X[:, 1]))
frame("pandas_boolean", dict(x=X[:, 0], f=pd.Categorical(LETTERS == "c"), k=K))
frame("pandas_infinite", dict(x=X[:, 0], f=pd.Categorical(FLOATS)))
frame("pandas_useless", dict(u=pd.Categorical(["same"] * ROWS), x=X[:, 0], k=K))
frame("pandas_integers", dict(i=X[:, 3].astype(int), x=X[:, 0], k=K), categorical=["i"])
