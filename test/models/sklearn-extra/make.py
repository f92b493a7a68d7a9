"""Makes the folders beside it: `python make.py`, once with scikit-learn 1.9.1 and once with 1.6.1; also LightGBM 4.7.0.

A folder a case, named after the version: `model.pkl` and `case.json` as in sklearn-1.9.1. Rows of tables stand in `rows`.
"""

import json
import math
import os
import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import sklearn
from sklearn import (
    calibration, cluster, compose, decomposition, discriminant_analysis, dummy, ensemble, feature_selection,
    gaussian_process, impute, isotonic, kernel_approximation, kernel_ridge, linear_model, mixture, model_selection,
    multiclass, multioutput, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree,
)

from sklearn.feature_extraction import text

warnings.simplefilter("ignore")
VERSION = sklearn.__version__
ONLY = sys.argv[1:]
random = np.random.RandomState(7)
N, ROWS = 90, 12


def numbers(rows):
    return random.normal(size=(rows, 4)).round(3)


X, Xt = numbers(N), numbers(ROWS)
signal = X[:, 0] + 0.5 * X[:, 1] ** 2 - X[:, 2] + random.normal(scale=0.3, size=N)
y_reg = signal.round(3)
y_bin = np.where(signal > 0.4, "yes", "no")
y_multi = np.where(signal > 1, "high", np.where(signal > -0.2, "middle", "low"))
y_two = np.c_[y_reg, X[:, 3] * 2 + y_reg].round(3)
positive, positive_t = np.abs(X), np.abs(Xt)
holes, holes_t = X.copy(), Xt.copy()
holes[::7, 0] = holes[::5, 2] = np.nan
holes_t[::3, 0] = holes_t[1::4, 2] = holes_t[5, 1] = np.nan


def table(rows, unseen):
    frame = pd.DataFrame({
        "age": random.randint(18, 80, rows).astype(float),
        "income": (random.lognormal(8, 1, rows)).round(2),
        "city": random.choice(["Oslo", "Rome", "Bonn", "Paris"], rows, p=[0.5, 0.3, 0.15, 0.05]).astype(object),
        "plan": random.choice(["basic", "plus"], rows).astype(object),
        "visits": random.randint(0, 4, rows),
        "note": ["free text"] * rows,
    })
    frame.loc[::6, "age"] = np.nan
    if unseen:
        frame.loc[[1, 4], "city"] = "Lima"
        frame.loc[2, "city"] = None
        frame.loc[3, "plan"] = None
    return frame


T, Tt = table(N, False), table(ROWS, True)
t_bin = (T.income.to_numpy() > 2500) ^ (T.plan == "plus").to_numpy()
T_none = T.copy()
T_none.loc[::9, "city"] = None
known = Tt[(Tt.city != "Lima") & Tt.plan.notna()].reset_index(drop=True)

ONE_HOT, ORDINAL = preprocessing.OneHotEncoder, preprocessing.OrdinalEncoder
LOGISTIC = linear_model.LogisticRegression
SCALER, IMPUTER, PIPE = preprocessing.StandardScaler, impute.SimpleImputer, pipeline.make_pipeline
TREE = tree.DecisionTreeClassifier(max_depth=2, random_state=0)


def on_table(*transformers, last=None, **options):
    return PIPE(compose.ColumnTransformer(list(transformers), **options), last or LOGISTIC())


def cities(encoder):
    return on_table(
        ("numbers", PIPE(IMPUTER(strategy="median"), SCALER()), ["age", "income"]), ("texts", encoder, ["city", "plan"])
    )


ignore = {"handle_unknown": "ignore"}
CASES = {
    # Tables
    "onehot_drop_first": (cities(ONE_HOT(drop="first", **ignore)), T, t_bin, Tt),
    "onehot_if_binary": (cities(ONE_HOT(drop="if_binary", **ignore)), T, t_bin, Tt),
    "onehot_infrequent": (cities(ONE_HOT(min_frequency=0.2, handle_unknown="infrequent_if_exist")), T, t_bin, Tt),
    "onehot_max_categories": (cities(ONE_HOT(max_categories=3, drop="first", **ignore)), T, t_bin, Tt),
    "onehot_none": (cities(ONE_HOT()), T_none, t_bin, known),
    "onehot_none_ignore": (cities(ONE_HOT(**ignore)), T_none, t_bin, Tt),
    "onehot_numbers": (
        on_table(("visits", ONE_HOT(**ignore), [4]), ("rest", "passthrough", slice(1, 2))), T, t_bin, Tt,
    ),
    "text_most_frequent": (cities(PIPE(IMPUTER(strategy="most_frequent"), ONE_HOT(**ignore))), T, t_bin, Tt.fillna({"plan": np.nan, "city": np.nan})),
    "text_constant": (
        cities(PIPE(IMPUTER(strategy="constant", fill_value="none", missing_values=None), ONE_HOT(**ignore))),
        T_none, t_bin, Tt,
    ),
    "ordinal_unknown": (
        cities(ORDINAL(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)), T_none, t_bin, Tt,
    ),
    "ordinal_infrequent": (
        cities(ORDINAL(handle_unknown="use_encoded_value", unknown_value=9, max_categories=3)), T, t_bin, Tt,
    ),
    "target_multi": (
        on_table(("t", preprocessing.TargetEncoder(random_state=0), ["city", "plan"]), ("n", "passthrough", ["income"])),
        T, y_multi, Tt,
    ),
    "remainder_mask": (
        on_table(
            ("texts", ONE_HOT(**ignore), np.array([False, False, True, True, False, False])), ("drop", "drop", ["note"]),
            remainder=IMPUTER(add_indicator=True), last=TREE,
        ),
        T, t_bin, Tt,
    ),
    "hist_texts": (
        ensemble.HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=3, categorical_features=[2, 3]),
        T.drop(columns="note"), t_bin, Tt.drop(columns="note"),
    ),
    "hist_codes": (
        ensemble.HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=3, categorical_features=[1]),
        np.c_[holes[:, 0], T.visits], y_reg, np.c_[holes_t[:, 0], Tt.visits + (np.arange(ROWS) % 3 == 0) * 5],
    ),
    "grid_search": (
        model_selection.GridSearchCV(cities(ONE_HOT(**ignore)), {"logisticregression__C": [0.1, 1]}, cv=2), T, t_bin, Tt,
    ),
    # Linear
    "lda": (discriminant_analysis.LinearDiscriminantAnalysis(), X, y_multi, Xt),
    "lda_binary": (discriminant_analysis.LinearDiscriminantAnalysis(), X, y_bin, Xt),
    "logreg_liblinear": (LOGISTIC(solver="liblinear"), X, y_bin, Xt),
    "logreg_cv": (linear_model.LogisticRegressionCV(Cs=2, cv=2), X, y_multi, Xt),
    "sgd_log": (linear_model.SGDClassifier(loss="log_loss", random_state=0), X, y_multi, Xt),
    "sgd_huber_binary": (linear_model.SGDClassifier(loss="modified_huber", random_state=0), X, y_bin, Xt),
    "perceptron": (linear_model.Perceptron(), X, y_bin, Xt),
    "elastic_net_two": (linear_model.MultiTaskElasticNet(alpha=0.1), X, y_two, Xt),
    "tweedie": (linear_model.TweedieRegressor(power=1.5), X, np.abs(y_reg), Xt),
    "tweedie_identity": (linear_model.TweedieRegressor(power=0), X, y_reg, Xt),
    "ransac": (linear_model.RANSACRegressor(random_state=0), X, y_reg, Xt),
    "theil_sen": (linear_model.TheilSenRegressor(random_state=0), X, y_reg, Xt),
    # Trees
    "tree_classes": (tree.DecisionTreeClassifier(max_depth=4, random_state=0), X, y_multi, Xt),
    "tree_booleans": (tree.DecisionTreeClassifier(max_depth=3, random_state=0), X, y_reg > 0, Xt),
    "tree_floats": (tree.ExtraTreeClassifier(max_depth=3, random_state=0), X, (y_reg > 0) * 1.0, Xt),
    "tree_missing": (tree.DecisionTreeRegressor(max_depth=4, random_state=0), holes, y_reg, holes_t),
    "forest_reg": (ensemble.RandomForestRegressor(4, max_depth=4, random_state=0), X, y_two, Xt),
    "extra_trees_reg": (ensemble.ExtraTreesRegressor(4, max_depth=4, random_state=0), X, y_reg, Xt),
    "gb_zero": (ensemble.GradientBoostingClassifier(n_estimators=4, init="zero", random_state=0), X, y_multi, Xt),
    "gb_huber": (ensemble.GradientBoostingRegressor(n_estimators=4, loss="huber", random_state=0), X, y_reg, Xt),
    "gb_init": (
        ensemble.GradientBoostingRegressor(n_estimators=3, init=tree.DecisionTreeRegressor(max_depth=2), random_state=0),
        X, y_reg, Xt,
    ),
    "gb_init_tree": (
        ensemble.GradientBoostingClassifier(n_estimators=3, init=TREE, random_state=0), X, y_multi, Xt,
    ),
    "hist_binary": (ensemble.HistGradientBoostingClassifier(max_iter=4), holes, y_bin, holes_t),
    "hist_gamma": (ensemble.HistGradientBoostingRegressor(max_iter=4, loss="gamma"), X, np.abs(y_reg) + 0.1, Xt),
    "iforest_columns": (ensemble.IsolationForest(n_estimators=5, max_features=2, random_state=0), X, None, Xt),
    # Ensembles
    "ada_binary": (ensemble.AdaBoostClassifier(TREE, n_estimators=4, random_state=0), X, y_bin, Xt),
    "ada_multi": (ensemble.AdaBoostClassifier(TREE, n_estimators=4, random_state=0), X, y_multi, Xt),
    "bagging_reg": (
        ensemble.BaggingRegressor(linear_model.Ridge(), 4, max_features=2, random_state=0), X, y_reg, Xt,
    ),
    "bagging_votes": (ensemble.BaggingClassifier(svm.LinearSVC(), 4, max_features=3, random_state=0), X, y_multi, Xt),
    "calibrated_sigmoid": (calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2), X, y_multi, Xt),
    "calibrated_isotonic": (
        calibration.CalibratedClassifierCV(ensemble.RandomForestClassifier(3, max_depth=3, random_state=0), method="isotonic", cv=2),
        X, y_bin, Xt,
    ),
    "voting_weights": (
        ensemble.VotingClassifier([("a", LOGISTIC()), ("b", TREE), ("c", "drop")], voting="soft", weights=[1, 3, 2]),
        X, y_multi, Xt,
    ),
    "voting_hard_weights": (
        ensemble.VotingClassifier([("a", LOGISTIC()), ("b", TREE), ("c", naive_bayes.GaussianNB())], weights=[1, 2, 1]),
        X, y_multi, Xt,
    ),
    "stacking_binary": (
        ensemble.StackingClassifier([("a", LOGISTIC()), ("b", svm.LinearSVC())], passthrough=True, cv=2), X, y_bin, Xt,
    ),
    "stacking_reg": (
        ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=3))], cv=2),
        X, y_reg, Xt,
    ),
    "ovr_binary": (multiclass.OneVsRestClassifier(LOGISTIC()), X, y_bin, Xt),
    "ovr_forest": (multiclass.OneVsRestClassifier(TREE), X, y_multi, Xt),
    "ovo_binary": (multiclass.OneVsOneClassifier(LOGISTIC()), X, y_bin, Xt),
    "chain": (multioutput.RegressorChain(linear_model.Ridge(), order=[1, 0]), X, y_two, Xt),
    "threshold_tuned": (model_selection.TunedThresholdClassifierCV(LOGISTIC(), cv=2), X, (y_reg > 0) * 1, Xt),
    "threshold_fixed": (
        model_selection.FixedThresholdClassifier(LOGISTIC(), threshold=0.3, pos_label="no"), X, y_bin, Xt,
    ),
    "dummy_prior": (dummy.DummyClassifier(), X, y_multi, Xt),
    "dummy_frequent": (dummy.DummyClassifier(strategy="most_frequent"), X, y_multi, Xt),
    "dummy_mean": (dummy.DummyRegressor(), X, y_reg, Xt),
    "target_scaled": (compose.TransformedTargetRegressor(linear_model.Ridge(), transformer=SCALER()), X, y_reg, Xt),
    # Bayes, neighbours, vectors, networks, clusters
    "multinomial_nb": (naive_bayes.MultinomialNB(), positive, y_multi, positive_t),
    "categorical_nb": (naive_bayes.CategoricalNB(min_categories=4), T[["visits"]].to_numpy(), y_multi, Tt[["visits"]].to_numpy()),
    "bernoulli_raw": (naive_bayes.BernoulliNB(binarize=None), (X > 0) * 1.0, y_bin, (Xt > 0) * 1.0),
    "qda_binary": (discriminant_analysis.QuadraticDiscriminantAnalysis(), X, y_bin, Xt),
    "knn_uniform": (neighbors.KNeighborsClassifier(4, p=1), X, y_multi, Xt),
    "knn_reg": (neighbors.KNeighborsRegressor(3), X, y_two, Xt),
    "knn_reg_distance": (neighbors.KNeighborsRegressor(3, weights="distance"), X, y_reg, np.r_[Xt[:-2], X[:2]]),
    "svc_probable": (svm.SVC(probability=True, random_state=0), X, y_multi, Xt),
    "svc_probable_binary": (svm.SVC(probability=True, random_state=0, kernel="poly"), X, y_bin, Xt),
    "svc_ovo": (svm.SVC(kernel="linear", decision_function_shape="ovo"), X, y_multi, Xt),
    "svc_break_ties": (svm.SVC(break_ties=True), X, y_multi, Xt),
    "svr": (svm.SVR(kernel="rbf", gamma=0.3), X, y_reg, Xt),
    "mlp_reg": (neural_network.MLPRegressor(hidden_layer_sizes=(5, 4), activation="tanh", max_iter=30, random_state=0), X, y_two, Xt),
    "mlp_logistic": (neural_network.MLPClassifier((4,), activation="logistic", max_iter=30, random_state=0), X, y_bin, Xt),
    "nystroem": (PIPE(kernel_approximation.Nystroem(n_components=6, random_state=0), linear_model.Ridge()), X, y_reg, Xt),
    "kernel_ridge": (kernel_ridge.KernelRidge(kernel="poly", degree=2), X, y_two, Xt),
    "process_matern": (
        gaussian_process.GaussianProcessRegressor(
            gaussian_process.kernels.Matern(nu=1.5) + gaussian_process.kernels.WhiteKernel(), normalize_y=True
        ),
        X, y_reg, Xt,
    ),
    "process_quadratic": (
        gaussian_process.GaussianProcessRegressor(
            gaussian_process.kernels.RationalQuadratic() + gaussian_process.kernels.DotProduct(), alpha=0.1
        ),
        X, y_reg, Xt,
    ),
    "mixture_tied": (mixture.GaussianMixture(3, covariance_type="tied", random_state=0), X, None, Xt),
    "mixture_diag": (mixture.GaussianMixture(3, covariance_type="diag", random_state=0), X, None, Xt),
    "mixture_spherical": (mixture.GaussianMixture(2, covariance_type="spherical", random_state=0), X, None, Xt),
    "mean_shift": (cluster.MeanShift(bandwidth=2), X, None, Xt),
    # Transformers
    "minmax_clip": (preprocessing.MinMaxScaler(clip=True), X, None, holes_t * 2),
    "maxabs": (preprocessing.MaxAbsScaler(), X, None, holes_t),
    "binarizer": (preprocessing.Binarizer(threshold=0.2), X, None, Xt),
    "normalizer_max": (preprocessing.Normalizer("max"), X, None, np.r_[Xt, np.zeros((1, 4))]),
    "quantile_uniform": (preprocessing.QuantileTransformer(n_quantiles=10), X, None, np.r_[holes_t, X[:6]]),
    "quantile_normal": (
        preprocessing.QuantileTransformer(n_quantiles=40, output_distribution="normal"), X, None,
        np.r_[holes_t, X[:30], X.min(axis=0)[None] - 1e-8, X.max(axis=0)[None], X.max(axis=0)[None] + 1],
    ),
    "power_missing": (preprocessing.PowerTransformer(standardize=False), X, None, holes_t),
    "kbins_onehot": (preprocessing.KBinsDiscretizer(3, encode="onehot", strategy="uniform"), X, None, Xt),
    "kbins_ordinal": (preprocessing.KBinsDiscretizer(3, encode="ordinal", strategy="quantile"), X, None, Xt),
    "poly_interactions": (
        preprocessing.PolynomialFeatures(3, interaction_only=True, include_bias=False), X, None, Xt,
    ),
    "poly_range": (preprocessing.PolynomialFeatures((2, 3)), X, None, Xt),
    "impute_constant": (IMPUTER(strategy="constant", fill_value=-9, add_indicator=True), holes, None, holes_t),
    "indicator": (impute.MissingIndicator(features="all"), holes, None, holes_t),
    "union": (
        pipeline.FeatureUnion(
            [("pca", decomposition.PCA(2)), ("best", feature_selection.SelectKBest(k=2)), ("off", "drop")],
            transformer_weights={"pca": 2.5},
        ),
        X, y_bin, Xt,
    ),
    "select_percentile": (feature_selection.SelectPercentile(percentile=60), X, y_bin, Xt),
    "select_fdr": (feature_selection.SelectFdr(alpha=0.1), X, y_bin, Xt),
    "select_variance": (feature_selection.VarianceThreshold(1.0), X, None, Xt),
    "select_lasso": (feature_selection.SelectFromModel(linear_model.Lasso(0.1)), X, y_reg, Xt),
    "select_boosting": (
        feature_selection.SelectFromModel(ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0), threshold="0.8*median"),
        X, y_multi, Xt,
    ),
    "select_coefficients": (feature_selection.SelectFromModel(LOGISTIC(), max_features=2), X, y_multi, Xt),
    "select_sequential": (
        feature_selection.SequentialFeatureSelector(linear_model.Ridge(), n_features_to_select=2, cv=2), X, y_reg, Xt,
    ),
    "isotonic_outside": (
        isotonic.IsotonicRegression(out_of_bounds="nan"), X[:, 0], y_reg, np.r_[Xt[:, 0], [-9, 9]],
    ),
    "fast_ica": (decomposition.FastICA(2, random_state=0), X, None, Xt),
    "function_sqrt": (PIPE(preprocessing.FunctionTransformer(np.sqrt), linear_model.Ridge()), positive, y_reg, positive_t),
}

WORDS = (
    "the a of and to in is was good bad great awful film movie plot actor café naïve über STRASSE straße Ünïcödé don't "
    "well-known state-of-the-art 2024 3.5 x y z 日本語 映画 ΟΔΥΣΣΕΥΣ λόγος İstanbul ﬁlm ½ ٣٤ e\u0301te\u0301 👍🏽 snake_case "
    "re-run co-op mother-in-law"
).split(" ")
SPACES = [" ", " ", " ", "  ", ", ", "\t", "\n", "\u00a0", "\u001f", "! "]


def texts(count):
    return [
        "".join(random.choice(WORDS) + random.choice(SPACES) for _ in range(random.randint(1, 14))) for _ in range(count)
    ]


def note(rows):
    frame = table(rows, False)
    frame["age"] = frame["age"].fillna(40)
    frame["note"] = texts(rows)
    return frame


def on_texts(*steps):
    return pipeline.make_pipeline(*steps)


D, Dt = texts(N), texts(ROWS) + ["", "  ", "unheard", "a", "A\u0301 ﬁ Ⅷ ǅ ΑΣ", "word " * 3]
noted = compose.ColumnTransformer([
    ("words", text.TfidfVectorizer(min_df=2), "note"),
    ("plan", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["plan"]),
    ("numbers", preprocessing.StandardScaler(), ["age", "income"]),
])
CASES.update({
    "text_count": (text.CountVectorizer(ngram_range=(1, 2), stop_words="english", max_features=60), D, None, Dt),
    "text_words": (text.CountVectorizer(binary=True, stop_words=["film", "café"], token_pattern=r"(?u)\b\w+\b"), D, None, Dt),
    "text_sublinear": (
        text.TfidfVectorizer(sublinear_tf=True, strip_accents="unicode", norm="l1", smooth_idf=False), D, None, Dt,
    ),
    "text_characters": (text.TfidfVectorizer(analyzer="char", ngram_range=(2, 4), lowercase=False, max_features=200), D, None, Dt),
    "text_padded": (text.CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), strip_accents="ascii", max_features=200), D, None, Dt),
    "text_pattern": (text.CountVectorizer(token_pattern=r"(?u)\b\w+(?:['-]\w+)*\b", vocabulary=["don't", "mother-in-law", "co-op", "x"]), D, None, Dt),
    "text_group": (text.CountVectorizer(token_pattern=r"([^\W\d_]{2,})[-.!]"), D, None, Dt),
    "text_hash": (on_texts(text.HashingVectorizer(n_features=64), linear_model.SGDClassifier(loss="log_loss", random_state=0)), D, y_multi, Dt),
    "text_hash_sums": (text.HashingVectorizer(n_features=32, norm=None, ngram_range=(1, 3)), D, None, Dt),
    "text_hash_binary": (
        text.HashingVectorizer(n_features=8, alternate_sign=True, binary=True, norm=None, analyzer="char_wb", ngram_range=(2, 3)),
        D, None, Dt,
    ),
    "text_raw": (on_texts(text.CountVectorizer(), text.TfidfTransformer(use_idf=False, norm=None), linear_model.LogisticRegression()), D, y_bin, Dt),
    "text_svc": (on_texts(text.CountVectorizer(), text.TfidfTransformer(), svm.LinearSVC()), D, y_multi, Dt),
    "text_svd": (on_texts(text.TfidfVectorizer(), decomposition.TruncatedSVD(5, random_state=0), linear_model.LogisticRegression()), D, y_bin, Dt),
    "text_union": (
        on_texts(
            pipeline.FeatureUnion(
                [("words", text.TfidfVectorizer()), ("letters", text.CountVectorizer(analyzer="char", ngram_range=(1, 2)))],
                transformer_weights={"letters": 0.25},
            ),
            naive_bayes.ComplementNB(),
        ),
        D, y_multi, Dt,
    ),
    "text_select": (
        on_texts(text.TfidfVectorizer(), feature_selection.SelectKBest(feature_selection.chi2, k=12), naive_bayes.MultinomialNB()),
        D, y_bin, Dt,
    ),
    "text_bernoulli": (on_texts(text.CountVectorizer(binary=True), naive_bayes.BernoulliNB()), D, y_bin, Dt),
    "text_forest": (on_texts(text.TfidfVectorizer(), ensemble.RandomForestRegressor(5, max_depth=4, random_state=0)), D, y_reg, Dt),
    "text_scaled": (on_texts(text.CountVectorizer(), preprocessing.Normalizer("max"), preprocessing.MaxAbsScaler(), linear_model.Ridge()), D, y_reg, Dt),
    "text_columns": (pipeline.make_pipeline(noted, linear_model.LogisticRegression()), note(N), y_bin, note(ROWS)),
})

empty_t = np.vstack([holes_t, np.full((1, 4), np.nan)])
CASES.update({
    "knn_imputer": (impute.KNNImputer(n_neighbors=3), holes, None, empty_t),
    "knn_imputer_distance": (impute.KNNImputer(weights="distance", add_indicator=True), holes, None, np.vstack([empty_t, holes[:8]])),
    "knn_imputer_pipeline": (pipeline.make_pipeline(impute.KNNImputer(), LOGISTIC()), holes, y_bin, empty_t),
})

if VERSION.startswith("1.6"):
    CASES = {
        name: CASES[name]
        for name in ("ada_binary", "ada_multi", "svc_probable", "svc_probable_binary", "hist_texts", "onehot_infrequent", "union",
                     "text_characters", "text_svc", "text_columns")
    }
    CASES["ada_real"] = (ensemble.AdaBoostClassifier(TREE, n_estimators=4, random_state=0), X, y_bin, Xt)
    CASES["ada_real_multi"] = (ensemble.AdaBoostClassifier(TREE, n_estimators=4, random_state=0), X, y_multi, Xt)
    CASES["logreg_ovr"] = (LOGISTIC(multi_class="ovr"), X, y_multi, Xt)
    CASES["logreg_multinomial"] = (LOGISTIC(multi_class="multinomial"), X, y_bin, Xt)
else:
    import lightgbm

    quiet = {"verbose": -1, "min_child_samples": 3, "num_leaves": 5}
    CASES["lgbm"] = (lightgbm.LGBMClassifier(n_estimators=4, **quiet), pd.DataFrame(X, columns=list("abcd")), y_multi, pd.DataFrame(Xt, columns=list("abcd")))
    CASES["lgbm_pipeline"] = (PIPE(SCALER(), lightgbm.LGBMClassifier(n_estimators=4, **quiet)), holes, y_bin, holes_t)
    CASES["lgbm_reg"] = (PIPE(IMPUTER(), lightgbm.LGBMRegressor(n_estimators=4, **quiet)), holes, y_reg, holes_t)
    CASES["lgbm_calibrated"] = (
        calibration.CalibratedClassifierCV(lightgbm.LGBMClassifier(n_estimators=3, **quiet), cv=2), X, y_multi, Xt,
    )
    CASES["lgbm_stopped"] = (
        lightgbm.LGBMRegressor(n_estimators=40, learning_rate=0.9, early_stopping_rounds=3, **quiet), X, y_reg, Xt,
    )


def plain(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each) for each in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    return str(value) if isinstance(value, bool) else value


def real_boosting(model, rows):
    """SAMME.R, which scikit-learn 1.6 no longer trains: the formula of 1.5 on the same trees."""
    model.algorithm = "SAMME.R"
    model.estimator_weights_ = np.ones(len(model.estimators_))
    classes = len(model.classes_)
    logs = [np.log(np.clip(each.predict_proba(rows), np.finfo(float).eps, None)) for each in model.estimators_]
    votes = sum((classes - 1) * (log - log.sum(axis=1)[:, None] / classes) for log in logs) / len(logs)
    decision = votes[:, 1] - votes[:, 0] if classes == 2 else votes
    shares = np.exp((np.c_[-decision, decision] / 2) if classes == 2 else decision / (classes - 1))
    best = (decision > 0).astype(int) if classes == 2 else votes.argmax(axis=1)
    return {
        "predict": plain(model.classes_[best]),
        "predict_proba": plain(shares / shares.sum(axis=1)[:, None]),
        "decision_function": plain(decision),
    }


for name, (model, train, target, rows) in CASES.items():
    if ONLY and name not in ONLY:
        continue
    extra = {"eval_set": [(Xt, Xt[:, 0] - Xt[:, 2])]} if name == "lgbm_stopped" else {}
    model.fit(train, target, **extra)
    case = {"sklearn": VERSION, "class": type(model).__name__}
    if isinstance(rows, pd.DataFrame):
        case["columns"] = list(rows.columns)
        case["rows"] = plain(rows.astype(object).where(rows.notna(), None).to_numpy())
    elif isinstance(rows, list):
        case["rows"] = rows
    else:
        case["input"] = plain(np.asarray(rows, float).reshape(len(rows), -1))
    for method in ("predict", "predict_proba", "decision_function", "transform", "score_samples"):
        if not hasattr(model, method) or (method == "transform" and hasattr(model, "predict") and "KMeans" not in case["class"]):
            continue
        result = getattr(model, method)(rows)
        if method == "transform":
            result = np.asarray(result.toarray() if hasattr(result, "toarray") else result, float)
        if method == "predict" and hasattr(model, "classes_") and result.dtype.kind == "f":
            result = result.astype(str)
        case[method] = plain(result)
    if name.startswith("ada_real"):
        case.update(real_boosting(model, rows))
    folder = f"{VERSION}-{name}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/model.pkl", "wb") as file:
        pickle.dump(model, file, protocol=4)
    with open(f"{folder}/case.json", "w") as file:
        json.dump(case, file, separators=(",", ":"), ensure_ascii=False)
        file.write("\n")
