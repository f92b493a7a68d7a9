"""Makes the folders beside it: `python make.py [CASE...]`, once with each version of scikit-learn that README.md names.

A folder a case, named after the version: `case.json` as in sklearn-1.9.1, and the model as a pickle or as a joblib file.
Protocols and compressions take turns: see SAVERS.
"""

import gzip
import importlib
import json
import math
import os
import pickle
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401, needed before 1.0
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn import (
    calibration, cluster, compose, covariance, cross_decomposition, decomposition, discriminant_analysis, dummy, ensemble, feature_selection,
    gaussian_process, impute, kernel_approximation, linear_model, mixture, model_selection, multiclass, multioutput,
    naive_bayes, neighbors, neural_network, pipeline, preprocessing, random_projection, semi_supervised, svm, tree,
)
from scipy import stats
from sklearn import metrics
from sklearn.feature_extraction import DictVectorizer, text

warnings.simplefilter("ignore")
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
ONLY = sys.argv[1:]
random = np.random.RandomState(11)
N, ROWS = 60, 8


def numbers(rows):
    return random.normal(size=(rows, 4)).round(3)


X, Xt = numbers(N), numbers(ROWS)
signal = X[:, 0] + 0.5 * X[:, 1] ** 2 - X[:, 2] + random.normal(scale=0.3, size=N)
y_reg = signal.round(3)
y_bin = np.where(signal > 0.4, "yes", "no")
y_int = (signal > 0.4) * 1
y_multi = np.where(signal > 1, "high", np.where(signal > -0.2, "middle", "low"))
y_two = np.c_[y_reg, X[:, 3] * 2 + y_reg].round(3)
y_codes = np.c_[y_int, np.select([signal > 1, signal > -0.2], [9, 5], 3)]
y_labels = np.c_[y_bin, y_multi]
y_flags = np.c_[y_int, (X[:, 3] > 0.2) * 1, (signal < -0.5) * 1]
positive, positive_t = np.abs(X), np.abs(Xt)
holes, holes_t = X.copy(), Xt.copy()
holes[::7, 0] = holes[::5, 2] = np.nan
holes_t[::3, 0] = holes_t[1::4, 2] = holes_t[5, 1] = np.nan
codes, codes_t = (np.c_[holes[:, 0], random.randint(0, 4, N)], np.c_[holes_t[:, 0], np.arange(ROWS) % 6])


def table(rows, unseen):
    frame = pd.DataFrame({
        "age": random.randint(18, 80, rows).astype(float),
        "income": (random.lognormal(8, 1, rows)).round(2),
        "city": random.choice(["Oslo", "Rome", "Bonn", "Paris"], rows, p=[0.5, 0.3, 0.15, 0.05]).astype(object),
        "plan": random.choice(["basic", "plus"], rows).astype(object),
        "visits": random.randint(0, 4, rows),
    })
    frame.loc[::6, "age"] = np.nan
    if unseen:
        frame.loc[[1, 4], "city"] = "Lima"
    return frame


T, Tt = table(N, False), table(ROWS, True)
t_bin = (T.income.to_numpy() > 2500) ^ (T.plan == "plus").to_numpy()
T_none, Tt_none = T.copy(), Tt.copy()
T_none.loc[::9, "city"] = Tt_none.loc[2:3, "city"] = Tt_none.loc[5, "plan"] = np.nan
T_known, Tt_known = T.fillna({"age": 40.0}), Tt_none.fillna({"age": 50.0})
T_known.loc[::7, "city"] = "a=b"
T_categories = T.astype({"city": "category", "plan": pd.CategoricalDtype(["plus", "basic"], ordered=True)})
codes_missing, codes_missing_t = codes[:, 1:].astype(float), codes_t[:, 1:].astype(float)
codes_missing[::5] = codes_missing_t[::3] = np.nan
EDGES = np.linspace(0, 8, 33)[:, None]
EDGES_t = np.r_[EDGES[::2], [[2 - 1e-9], [2 - 1e-5], [2 - 3e-5], [4 - 4e-5], [4 + 1e-9], [-1], [9]]]
named, named_t = pd.DataFrame(X, columns=list("abcd")), pd.DataFrame(Xt, columns=list("abcd"))
D = [" ".join(random.choice("the a of good bad great awful film movie plot actor".split(), 8)) for _ in range(N)]
Dt = [" ".join(random.choice("the of good bad great film plot unheard".split(), 6)) for _ in range(ROWS)]

ONE_HOT, ORDINAL = preprocessing.OneHotEncoder, preprocessing.OrdinalEncoder
LOGISTIC, RIDGE = linear_model.LogisticRegression, linear_model.Ridge
SCALER, IMPUTER, PIPE = preprocessing.StandardScaler, impute.SimpleImputer, pipeline.make_pipeline
TREE = tree.DecisionTreeClassifier(max_depth=2, random_state=0)
FOREST = {"n_estimators": 3, "max_depth": 3, "random_state": 0}
DENSE = {"sparse_output" if VERSION >= (1, 2) else "sparse": False}
LOG_LOSS = "log_loss" if VERSION >= (1, 1) else "log"
SQUARED = "squared_error" if VERSION >= (1, 0) else "ls"


def on_table(*transformers, last=None, **options):
    return PIPE(compose.ColumnTransformer(list(transformers), **options), LOGISTIC() if last is None else last)


def cities(encoder, last=None, **options):
    return on_table(
        ("numbers", PIPE(IMPUTER(strategy="median"), SCALER()), ["age", "income"]), ("texts", encoder, ["city", "plan"]),
        last=last, **options,
    )


KERNELS = gaussian_process.kernels
ignore = {"handle_unknown": "ignore"}
ADA = {"n_estimators": 4, "random_state": 0}
BOOST = {"n_estimators": 3, "max_depth": 2, "random_state": 0}
HIST = {"max_iter": 3, "min_samples_leaf": 5, "max_leaf_nodes": 5}
CASES = {
    # Linear
    "linreg": (linear_model.LinearRegression(), X, y_two, Xt),
    "ridge": (RIDGE(), named, y_reg, named_t),
    "lasso": (linear_model.Lasso(alpha=0.05), X, y_reg, Xt),
    "elastic_net": (linear_model.ElasticNetCV(cv=3), X, y_reg, Xt),
    "poisson": (linear_model.PoissonRegressor(), X, np.abs(y_reg), Xt),
    "tweedie": (linear_model.TweedieRegressor(power=1.5), X, np.abs(y_reg), Xt),
    "logreg_binary": (LOGISTIC(), named, y_bin, named_t),
    "logreg_multi": (LOGISTIC(), X, y_multi, Xt),
    "logreg_liblinear": (LOGISTIC(solver="liblinear"), X, y_multi, Xt),
    "logreg_cv": (linear_model.LogisticRegressionCV(Cs=2, cv=2), X, y_multi, Xt),
    "sgd_log": (linear_model.SGDClassifier(loss=LOG_LOSS, random_state=0), X, y_multi, Xt),
    "sgd_averaged": (linear_model.SGDClassifier(loss="modified_huber", average=True, random_state=0), X, y_bin, Xt),
    "sgd_reg": (linear_model.SGDRegressor(random_state=0), X, y_reg, Xt),
    "ridge_clf": (linear_model.RidgeClassifier(), X, y_multi, Xt),
    "linear_svc": (svm.LinearSVC(random_state=0), X, y_bin, Xt),
    "perceptron": (linear_model.Perceptron(random_state=0), X, y_multi, Xt),
    "lda": (discriminant_analysis.LinearDiscriminantAnalysis(), X, y_multi, Xt),
    "qda": (discriminant_analysis.QuadraticDiscriminantAnalysis(), X, y_multi, Xt),
    # Bayes
    "bayes_gaussian": (naive_bayes.GaussianNB(), X, y_multi, Xt),
    "bayes_multinomial": (naive_bayes.MultinomialNB(), positive, y_multi, positive_t),
    "bayes_complement": (naive_bayes.ComplementNB(), positive, y_multi, positive_t),
    "bayes_bernoulli": (naive_bayes.BernoulliNB(), X, y_bin, Xt),
    "bayes_categorical": (naive_bayes.CategoricalNB(min_categories=6), codes[:, 1:], y_multi, codes_t[:, 1:]),
    # Trees
    "tree_binary": (tree.DecisionTreeClassifier(max_depth=4, random_state=0), named, y_int, named_t),
    "tree_weighted": (tree.DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=0), X, y_multi, Xt),
    "tree_reg": (tree.DecisionTreeRegressor(max_depth=4, random_state=0), X, y_two, Xt),
    "tree_extra": (tree.ExtraTreeClassifier(max_depth=3, random_state=0), X, y_bin, Xt),
    "forest_binary": (ensemble.RandomForestClassifier(**FOREST), named, y_bin, named_t),
    "forest_multi": (ensemble.RandomForestClassifier(**FOREST), X, y_multi, Xt),
    "forest_reg": (ensemble.RandomForestRegressor(**FOREST), X, y_reg, Xt),
    "forest_oob": (ensemble.RandomForestClassifier(oob_score=True, class_weight="balanced", **FOREST), X, y_bin, Xt),
    "extra_trees_multi": (ensemble.ExtraTreesClassifier(**FOREST), X, y_multi, Xt),
    "extra_trees_reg": (ensemble.ExtraTreesRegressor(**FOREST), X, y_two, Xt),
    "iforest_all": (ensemble.IsolationForest(n_estimators=4, max_samples=16, random_state=0), X, None, Xt),
    "iforest_columns": (
        ensemble.IsolationForest(n_estimators=4, max_samples=16, max_features=2, contamination=0.1, random_state=0), X, None, Xt,
    ),
    # Boosting
    "gb_binary": (ensemble.GradientBoostingClassifier(**BOOST), X, y_bin, Xt),
    "gb_multi": (ensemble.GradientBoostingClassifier(**BOOST), named, y_multi, named_t),
    "gb_exponential": (ensemble.GradientBoostingClassifier(loss="exponential", **BOOST), X, y_bin, Xt),
    "gb_init_tree": (ensemble.GradientBoostingClassifier(init=TREE, **BOOST), X, y_multi, Xt),
    "gb_reg": (ensemble.GradientBoostingRegressor(loss=SQUARED, **BOOST), X, y_reg, Xt),
    "gb_huber": (ensemble.GradientBoostingRegressor(loss="huber", **BOOST), X, y_reg, Xt),
    "gb_quantile": (ensemble.GradientBoostingRegressor(loss="quantile", alpha=0.8, **BOOST), X, y_reg, Xt),
    "hist_binary": (ensemble.HistGradientBoostingClassifier(**HIST), holes, y_bin, holes_t),
    "hist_multi": (ensemble.HistGradientBoostingClassifier(**HIST), named, y_multi, named_t),
    "hist_reg": (ensemble.HistGradientBoostingRegressor(**HIST), holes, y_reg, holes_t),
    "hist_poisson": (
        ensemble.HistGradientBoostingRegressor(loss="poisson", **HIST), X, np.abs(y_reg), Xt,
    ),
    "hist_codes": (
        ensemble.HistGradientBoostingClassifier(categorical_features=[1], **HIST),
        codes, y_multi, codes_t,
    ),
    "ada_binary": (ensemble.AdaBoostClassifier(TREE, **ADA), X, y_bin, Xt),
    "ada_multi": (ensemble.AdaBoostClassifier(TREE, **ADA), X, y_multi, Xt),
    "ada_reg": (ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(max_depth=2), **ADA), X, y_reg, Xt),
    # Ensembles
    "bagging_trees": (ensemble.BaggingClassifier(TREE, 3, random_state=0), X, y_multi, Xt),
    "bagging_votes": (ensemble.BaggingClassifier(svm.LinearSVC(random_state=0), 3, max_features=3, random_state=0), X, y_bin, Xt),
    "bagging_reg": (ensemble.BaggingRegressor(RIDGE(), 3, max_features=2, random_state=0), X, y_reg, Xt),
    "voting_hard": (
        ensemble.VotingClassifier([("a", LOGISTIC()), ("b", TREE), ("c", naive_bayes.GaussianNB())]), X, y_multi, Xt,
    ),
    "voting_soft": (
        ensemble.VotingClassifier([("a", LOGISTIC()), ("b", TREE), ("c", "drop")], voting="soft", weights=[1, 3, 2]),
        X, y_bin, Xt,
    ),
    "voting_reg": (
        ensemble.VotingRegressor([("a", RIDGE()), ("b", tree.DecisionTreeRegressor(max_depth=2))]), X, y_reg, Xt,
    ),
    "stacking_binary": (
        ensemble.StackingClassifier([("a", LOGISTIC()), ("b", svm.LinearSVC(random_state=0))], passthrough=True, cv=2), X, y_bin, Xt,
    ),
    "stacking_multi": (ensemble.StackingClassifier([("a", TREE), ("b", naive_bayes.GaussianNB())], cv=2), X, y_multi, Xt),
    "stacking_reg": (
        ensemble.StackingRegressor([("a", RIDGE()), ("b", tree.DecisionTreeRegressor(max_depth=2))], cv=2), X, y_reg, Xt,
    ),
    # Vectors, kernels, neighbours, networks
    "svc_binary": (svm.SVC(), X, y_bin, Xt),
    "svc_multi": (svm.SVC(kernel="poly", degree=2), X, y_multi, Xt),
    "svc_ovo": (svm.SVC(kernel="linear", decision_function_shape="ovo"), X, y_multi, Xt),
    "svc_probable": (svm.SVC(probability=True, random_state=0), X, y_multi, Xt),
    "svc_nu": (svm.NuSVC(nu=0.3), X, y_multi, Xt),
    "svc_one_class": (svm.OneClassSVM(nu=0.2), X, None, Xt),
    "svr": (svm.SVR(), X, y_reg, Xt),
    "process_reg": (
        gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(), alpha=0.1, normalize_y=True), X[:24], y_reg[:24], Xt,
    ),
    "kernel_pca": (decomposition.KernelPCA(2, kernel="rbf"), X, None, Xt),
    "nystroem": (PIPE(kernel_approximation.Nystroem(n_components=6, random_state=0), RIDGE()), X, y_reg, Xt),
    "knn_multi": (neighbors.KNeighborsClassifier(4), X, y_multi, Xt),
    "knn_distance": (neighbors.KNeighborsClassifier(3, weights="distance", p=1), X, y_bin, Xt),
    "knn_reg": (neighbors.KNeighborsRegressor(3), X, y_two, Xt),
    "mlp_binary": (neural_network.MLPClassifier((4,), max_iter=30, random_state=0), X, y_bin, Xt),
    "mlp_multi": (neural_network.MLPClassifier((4,), activation="tanh", max_iter=30, random_state=0), X, y_multi, Xt),
    "mlp_reg": (neural_network.MLPRegressor((5, 4), max_iter=30, random_state=0), X, y_two, Xt),
    # Clusters
    "kmeans": (cluster.KMeans(3, n_init=2, random_state=0), X, None, Xt),
    "minibatch": (cluster.MiniBatchKMeans(3, n_init=2, random_state=0), X, None, Xt),
    "mixture_full": (mixture.GaussianMixture(2, random_state=0), X, None, Xt),
    "mixture_diag": (mixture.GaussianMixture(3, covariance_type="diag", random_state=0), X, None, Xt),
    # Transformers
    "pca": (decomposition.PCA(2), X, None, Xt),
    "pca_whitened": (decomposition.PCA(0.9, whiten=True), X, None, Xt),
    "svd": (decomposition.TruncatedSVD(2, random_state=0), X, None, Xt),
    "standard": (SCALER(), named, None, holes_t),
    "minmax": (preprocessing.MinMaxScaler((-1, 1), clip=True), X, None, holes_t * 2),
    "maxabs": (preprocessing.MaxAbsScaler(), X, None, holes_t),
    "robust": (preprocessing.RobustScaler(quantile_range=(10, 80)), X, None, holes_t),
    "normalizer": (preprocessing.Normalizer(), X, None, Xt),
    "power": (preprocessing.PowerTransformer(), X, None, holes_t),
    "power_box_cox": (preprocessing.PowerTransformer("box-cox"), positive + 0.01, None, positive_t + 0.01),
    "quantile": (preprocessing.QuantileTransformer(n_quantiles=10), X, None, np.r_[holes_t, X[:4]]),
    "poly": (preprocessing.PolynomialFeatures(2), X, None, Xt),
    "poly_interactions": (preprocessing.PolynomialFeatures(3, interaction_only=True, include_bias=False), X, None, Xt),
    "bins_onehot": (preprocessing.KBinsDiscretizer(3, encode="onehot"), X, None, Xt),
    "bins_ordinal": (preprocessing.KBinsDiscretizer(3, encode="ordinal", strategy="kmeans"), X, None, Xt),
    "onehot_codes": (ONE_HOT(**ignore), codes[:, 1:], None, codes_t[:, 1:]),
    "impute_mean": (IMPUTER(add_indicator=True), holes, None, holes_t),
    "impute_constant": (IMPUTER(strategy="constant", fill_value=-9), holes, None, holes_t),
    "impute_neighbours": (impute.KNNImputer(n_neighbors=2), holes, None, holes_t),
    "indicator": (impute.MissingIndicator(features="all"), holes, None, holes_t),
    "union": (
        pipeline.FeatureUnion(
            [("pca", decomposition.PCA(2)), ("best", feature_selection.SelectKBest(k=2)), ("off", "drop")],
            transformer_weights={"pca": 2.5},
        ),
        X, y_bin, Xt,
    ),
    "select_rfe": (feature_selection.RFE(LOGISTIC(), n_features_to_select=2), X, y_bin, Xt),
    "select_forest": (
        feature_selection.SelectFromModel(ensemble.RandomForestClassifier(**FOREST), threshold="mean"), X, y_bin, Xt,
    ),
    # Tables
    "table_logreg": (cities(ONE_HOT(**ignore)), T, t_bin, Tt),
    "table_dense": (cities(ONE_HOT(drop="first", **DENSE), remainder="passthrough"), T, t_bin, Tt[Tt.city != "Lima"]),
    "table_ordinal": (
        cities(
            ORDINAL(handle_unknown="use_encoded_value", unknown_value=-1), ensemble.RandomForestClassifier(**FOREST),
            remainder="passthrough",
        ),
        T, t_bin, Tt,
    ),
    "table_hist": (
        on_table(
            ("texts", ORDINAL(handle_unknown="use_encoded_value", unknown_value=np.nan), ["city", "plan"]),
            remainder="passthrough",
            last=ensemble.HistGradientBoostingClassifier(**HIST),
        ),
        T, t_bin, Tt,
    ),
    "table_selector": (
        on_table(
            ("texts", PIPE(IMPUTER(strategy="most_frequent"), ONE_HOT(**ignore)), compose.make_column_selector(dtype_include=object)),
            ("numbers", PIPE(IMPUTER(add_indicator=True), preprocessing.MinMaxScaler()), slice("age", "income")),
            last=ensemble.GradientBoostingClassifier(**BOOST),
        ),
        T, t_bin, Tt,
    ),
    "table_index": (
        on_table(
            ("texts", ONE_HOT(**ignore), T.select_dtypes(exclude="number").columns),
            ("numbers", IMPUTER(), T.select_dtypes("number").columns),
        ),
        T, t_bin, Tt,
    ),
    "table_positions": (PIPE(compose.ColumnTransformer([("all", SCALER(), pd.DataFrame(X).columns)]), RIDGE()), X, y_reg, Xt),
    "table_grid": (
        model_selection.GridSearchCV(cities(ONE_HOT(**ignore)), {"logisticregression__C": [0.1, 1]}, cv=2), T, t_bin, Tt,
    ),
    "table_random": (
        model_selection.RandomizedSearchCV(
            cities(ONE_HOT(**ignore)),
            {"logisticregression__C": stats.loguniform(0.1, 10), "logisticregression__max_iter": stats.randint(100, 200),
             "logisticregression__tol": stats.uniform(1e-5, 1e-4)},
            n_iter=2, cv=model_selection.StratifiedKFold(2, shuffle=True, random_state=np.random.RandomState(3)),
            scoring={"auc": "roc_auc", "f1": metrics.make_scorer(metrics.f1_score, average="macro")}, refit="auc", random_state=0,
        ),
        T, pd.Series(t_bin), Tt,
    ),
    "table_categories": (
        on_table(
            ("texts", ONE_HOT(**ignore), compose.make_column_selector(dtype_include=[pd.CategoricalDtype, "bool"])),
            ("rest", "drop", compose.make_column_selector("note")),
            ("numbers", IMPUTER(), compose.make_column_selector(dtype_include=np.number)),
            last=PIPE("passthrough", preprocessing.Normalizer("max"), RIDGE(random_state=np.random.RandomState(5))),
        ),
        T_categories, y_reg, Tt,
    ),
    "table_classes": (on_table(("texts", ORDINAL(), ["plan"]), remainder=IMPUTER(), last=TREE), T.drop(columns="city"), pd.Series(y_multi, dtype="category"), Tt.drop(columns="city")),
    "table_target": (
        compose.TransformedTargetRegressor(RIDGE(), func=np.log1p, inverse_func=np.expm1), named, np.abs(y_reg), named_t,
    ),
    # Calibration, several targets, text
    "calibrated_sigmoid": (calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=2), X, y_multi, Xt),
    "calibrated_isotonic": (
        calibration.CalibratedClassifierCV(ensemble.RandomForestClassifier(**FOREST), method="isotonic", cv=2), X, y_bin, Xt,
    ),
    "calibrated_single": (calibration.CalibratedClassifierCV(svm.SVC(), cv=2, ensemble=False), X, y_bin, Xt),
    "ovr": (multiclass.OneVsRestClassifier(LOGISTIC()), X, y_multi, Xt),
    "ovo": (multiclass.OneVsOneClassifier(svm.LinearSVC(random_state=0)), X, y_multi, Xt),
    "targets_reg": (multioutput.MultiOutputRegressor(ensemble.GradientBoostingRegressor(**BOOST)), X, y_two, Xt),
    "targets_chain": (multioutput.RegressorChain(RIDGE(), order=[1, 0]), X, y_two, Xt),
    "dummy": (dummy.DummyClassifier(strategy="prior"), X, y_multi, Xt),
    "text_tfidf": (PIPE(text.TfidfVectorizer(ngram_range=(1, 2), stop_words="english"), LOGISTIC()), D, y_bin, Dt),
    "text_hash": (PIPE(text.HashingVectorizer(n_features=16), linear_model.SGDClassifier(random_state=0)), D, y_multi, Dt),
    # Classifiers of several targets
    "targets_each": (multioutput.MultiOutputClassifier(LOGISTIC()), X, y_codes, Xt),
    "targets_tree": (tree.DecisionTreeClassifier(max_depth=3, random_state=0), X, y_codes, Xt),
    "targets_forest": (ensemble.RandomForestClassifier(**FOREST), X, y_codes, Xt),
    "targets_neighbours": (neighbors.KNeighborsClassifier(4, weights="distance"), X, y_codes, Xt),
    "targets_order": (multioutput.ClassifierChain(LOGISTIC(), order=[2, 0, 1]), X, y_flags, Xt),
    "targets_flags": (multiclass.OneVsRestClassifier(LOGISTIC()), X, y_flags, Xt),
    "targets_flags_svc": (multiclass.OneVsRestClassifier(svm.LinearSVC(random_state=0)), X, y_flags, Xt),
    "targets_flags_mlp": (neural_network.MLPClassifier((4,), max_iter=30, random_state=0), X, y_flags, Xt),
    # Dicts
    "dict_logreg": (PIPE(DictVectorizer(), LOGISTIC()), T_known, t_bin, Tt_known),
    "dict_hist": (
        PIPE(DictVectorizer(sparse=False, sort=False), ensemble.HistGradientBoostingClassifier(**HIST)), T_none, t_bin, Tt_none,
    ),
    "dict_columns": (DictVectorizer(separator=": "), T_known, None, Tt_known),
    # Further estimators
    "pls": (cross_decomposition.PLSRegression(2), X, y_two, Xt),
    "envelope": (covariance.EllipticEnvelope(contamination=0.2, random_state=0), X, None, Xt),
    "impute_iterative": (impute.IterativeImputer(max_iter=4, random_state=0), holes, None, holes_t),
    "impute_iterative_tree": (
        PIPE(
            impute.IterativeImputer(
                tree.DecisionTreeRegressor(max_depth=2, random_state=0), max_iter=2, initial_strategy="median",
                min_value=-1, add_indicator=True, random_state=0,
            ),
            LOGISTIC(),
        ),
        np.c_[holes, np.full(N, np.nan)], y_bin, np.c_[holes_t, holes_t[:, 0]],
    ),
    "self_training": (
        semi_supervised.SelfTrainingClassifier(naive_bayes.GaussianNB()), X, np.where(np.arange(N) % 3 == 0, -1, y_int), Xt,
    ),
    "projection": (random_projection.GaussianRandomProjection(2, random_state=0), X, None, Xt),
    # Where versions differ
    "bins_edges": (preprocessing.KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), EDGES, None, EDGES_t),
    "ovr_ties": (multiclass.OneVsRestClassifier(neighbors.KNeighborsClassifier(2)), X, y_multi, Xt),
    "ovr_nothing": (multiclass.OneVsRestClassifier(tree.DecisionTreeClassifier(random_state=0)), X[:20], y_multi[:20], X[20:40]),
    "ovo_forest_binary": (multiclass.OneVsOneClassifier(ensemble.RandomForestClassifier(**FOREST)), X, y_bin, Xt),
    "select_elastic": (feature_selection.SelectFromModel(linear_model.ElasticNet(alpha=0.05, l1_ratio=1)), X, y_reg, Xt),
    "select_elastic_half": (feature_selection.SelectFromModel(linear_model.ElasticNet(alpha=0.05)), X, y_reg, Xt),
    "select_elastic_cv": (
        feature_selection.SelectFromModel(linear_model.ElasticNetCV(l1_ratio=[1], cv=3)), X, y_reg, Xt,
    ),
    "select_elastic_logreg": (
        feature_selection.SelectFromModel(LOGISTIC(penalty="elasticnet", solver="saga", l1_ratio=1, C=0.5, random_state=0)),
        X, y_bin, Xt,
    ),
    "impute_empty": (IMPUTER(strategy="median"), np.c_[holes, np.full(N, np.nan)], None, np.c_[holes_t, holes_t[:, 0]]),
    "impute_empty_constant": (
        IMPUTER(strategy="constant", fill_value=7), np.c_[holes, np.full(N, np.nan)], None, np.c_[holes_t, holes_t[:, 0]],
    ),
    "onehot_missing": (cities(ONE_HOT(**ignore)), T_none, t_bin, Tt_none),
    "process_binary": (gaussian_process.GaussianProcessClassifier(), X[:24], y_bin[:24], Xt),
    "process_multi": (
        gaussian_process.GaussianProcessClassifier(
            KERNELS.ConstantKernel(2.0) * KERNELS.RBF([1, 2, 1, 3]) + KERNELS.WhiteKernel(0.5)
        ),
        X[:20], y_multi[:20], Xt,
    ),
    "process_pairs": (
        gaussian_process.GaussianProcessClassifier(
            KERNELS.Matern(nu=2.5) + KERNELS.DotProduct() ** 2, optimizer=None, multi_class="one_vs_one"
        ),
        X[:20], y_multi[:20], Xt,
    ),
    "centroid": (neighbors.NearestCentroid(), X, y_multi, Xt),
    "lof": (neighbors.LocalOutlierFactor(novelty=True), X, None, Xt),
    "process_two": (
        gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(), alpha=0.1, normalize_y=VERSION >= (1, 0)),
        X[:16], y_two[:16], Xt,
    ),
    "fast_ica": (decomposition.FastICA(2, whiten=True if VERSION < (1, 1) else "unit-variance", random_state=0), X, None, Xt),
    "function_log": (
        on_table(("log", preprocessing.FunctionTransformer(np.log1p), ["income"]), ("rest", "drop", ["city"]), last=RIDGE()),
        T, y_reg, Tt,
    ),
}
if VERSION < (1, 8):
    CASES.update({
        "logreg_ovr": (LOGISTIC(multi_class="ovr"), X, y_multi, Xt),
        "ada_votes_binary": (ensemble.AdaBoostClassifier(TREE, algorithm="SAMME", **ADA), X, y_bin, Xt),
        "ada_votes_multi": (ensemble.AdaBoostClassifier(TREE, algorithm="SAMME", **ADA), X, y_multi, Xt),
        "calibrated_prefit": (
            calibration.CalibratedClassifierCV(naive_bayes.GaussianNB().fit(X, y_bin), cv="prefit"), X, y_bin, Xt,
        ),
    })
if VERSION >= (1, 0):
    CASES["sgd_one_class"] = (linear_model.SGDOneClassSVM(nu=0.2, random_state=0), X, None, Xt)
    CASES["targets_flags_ridge"] = (linear_model.RidgeClassifier(), X, y_flags, Xt)
    CASES["ordinal_missing"] = (
        ORDINAL(handle_unknown="use_encoded_value", unknown_value=-1), codes_missing, None, codes_missing_t,
    )
if VERSION >= (1, 1):
    rare = {"handle_unknown": "infrequent_if_exist", "min_frequency": 0.2}
    CASES.update({
        "onehot_infrequent": (cities(ONE_HOT(**rare)), T, t_bin, Tt),
        "onehot_infrequent_drop": (cities(ONE_HOT(drop="first", **rare)), T, t_bin, Tt),
        "onehot_infrequent_named": (
            cities(ONE_HOT(drop=["Rome", "plus"], handle_unknown="ignore", max_categories=3)), T, t_bin, Tt,
        ),
        "ordinal_missing_encoded": (ORDINAL(encoded_missing_value=-5), codes_missing, None, codes_missing),
    })
if VERSION >= (1, 2):
    CASES["logreg_cholesky"] = (LOGISTIC(solver="newton-cholesky"), X, y_multi, Xt)
    CASES["impute_kept"] = (
        IMPUTER(keep_empty_features=True), np.c_[holes, np.full(N, np.nan)], None, np.c_[holes_t, holes_t[:, 0]],
    )
if VERSION >= (1, 3):
    CASES.update({
        "tree_missing": (tree.DecisionTreeClassifier(max_depth=3, random_state=0), holes, y_multi, holes_t),
        "table_target_encoder": (
            on_table(("texts", preprocessing.TargetEncoder(random_state=0), ["city", "plan"]), ("n", "passthrough", ["income"])),
            T, t_bin, Tt,
        ),
        "ordinal_infrequent": (
            cities(ORDINAL(handle_unknown="use_encoded_value", unknown_value=9, max_categories=3)), T, t_bin, Tt,
        ),
        "hist_gamma": (ensemble.HistGradientBoostingRegressor(loss="gamma", **HIST), X, np.abs(y_reg) + 0.1, Xt),
    })
if VERSION >= (1, 4):
    CASES["forest_missing"] = (ensemble.RandomForestRegressor(**FOREST), holes, y_reg, holes_t)
    CASES["hist_texts"] = (
        ensemble.HistGradientBoostingClassifier(categorical_features=[2, 3], **HIST), T, t_bin, Tt,
    )
if VERSION >= (1, 5):
    CASES["targets_order_probable"] = (
        multioutput.ClassifierChain(LOGISTIC(), order=[1, 2, 0], chain_method="predict_proba"), X, y_flags, Xt,
    )
    CASES["hist_categories"] = (
        ensemble.HistGradientBoostingClassifier(categorical_features="from_dtype", **HIST), T_categories, t_bin, Tt,
    )
if VERSION >= (1, 2):
    CASES["table_output"] = (
        PIPE(
            compose.ColumnTransformer(
                [("texts", ONE_HOT(sparse_output=False, **ignore), ["city"])], remainder="passthrough", verbose_feature_names_out=False,
            ).set_output(transform="pandas"),
            compose.ColumnTransformer([("n", IMPUTER(), ["age", "income", "city_Rome"])]), RIDGE(),
        ),
        T.drop(columns="plan"), y_reg, Tt,
    )
if VERSION >= (1, 6):
    CASES["extra_trees_missing"] = (ensemble.ExtraTreesClassifier(**FOREST), holes, y_multi, holes_t)

    frozen = importlib.import_module("sklearn.frozen").FrozenEstimator
    CASES["calibrated_frozen"] = (
        PIPE(frozen(SCALER().fit(X)), calibration.CalibratedClassifierCV(frozen(naive_bayes.GaussianNB().fit(SCALER().fit_transform(X), y_bin)))),
        X, y_bin, Xt,
    )
if VERSION >= (1, 8):
    for case, model, labels in [
        ("binary", LOGISTIC(), y_bin), ("multi", svm.LinearSVC(random_state=0), y_multi), ("trees", TREE, y_multi), ("tree", TREE, y_bin),
    ]:
        CASES[f"calibrated_temperature_{case}"] = (
            calibration.CalibratedClassifierCV(model, method="temperature", cv=2), X, labels, Xt,
        )
if VERSION >= (1, 9):
    CASES["targets_text"] = (multioutput.MultiOutputClassifier(TREE), X, y_labels, Xt)

# Every way to save takes its turn.
SAVERS = [
    ("model.pkl", lambda model, path: dump_pickle(model, path, 2)),
    ("model.joblib", lambda model, path: joblib.dump(model, path, compress=3)),
    ("model.pkl.gz", lambda model, path: dump_pickle(model, path, 3)),
    ("model.joblib", lambda model, path: joblib.dump(model, path)),
    ("model.joblib", lambda model, path: joblib.dump(model, path, compress=("gzip", 9))),
    ("model.pkl", lambda model, path: dump_pickle(model, path, 4)),
    ("model.joblib", lambda model, path: joblib.dump(model, path, compress=9, protocol=2)),
    ("model.pkl.gz", lambda model, path: dump_pickle(model, path, 5)),
    ("model.joblib", lambda model, path: joblib.dump(model, path, compress=1)),
    ("model.pkl.gz", lambda model, path: dump_pickle(model, path, 4)),
    ("model.pkl.gz", lambda model, path: dump_pickle(model, path, 2)),
    ("model.joblib", lambda model, path: joblib.dump(model, path, compress=("zlib", 6), protocol=3)),
]


def dump_pickle(model, path, protocol):
    with gzip.open(path, "wb") if path.endswith("gz") else open(path, "wb") as file:
        pickle.dump(model, file, protocol=protocol)


def plain(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each) for each in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    return str(value) if isinstance(value, bool) else value


def answers(model, rows):
    for method in ("predict", "predict_proba", "decision_function", "transform", "score_samples"):
        if not hasattr(model, method) or (method == "transform" and hasattr(model, "predict") and "KMeans" not in type(model).__name__):
            continue
        try:
            result = getattr(model, method)(rows)
        except ValueError:
            # A process of one_vs_one has the method, and no answer.
            assert method == "predict_proba"
            continue
        if method == "transform":
            result = np.asarray(result.toarray() if hasattr(result, "toarray") else result, float)
        yield method, plain(result)


for place, (name, (model, train, target, rows)) in enumerate(CASES.items()):
    if ONLY and name not in ONLY:
        continue
    given = rows
    if name.startswith("dict_"):
        train, given = train.to_dict("records"), rows.to_dict("records")
    model.fit(train, target)
    case = {"sklearn": sklearn.__version__, "numpy": np.__version__, "class": type(model).__name__}
    if isinstance(rows, pd.DataFrame):
        case["columns"] = list(rows.columns)
        case["rows"] = plain(rows.astype(object).where(rows.notna(), None).to_numpy())
    elif isinstance(rows, list):
        case["rows"] = rows
    else:
        case["input"] = plain(np.asarray(rows, float).reshape(len(rows), -1))
    case.update(answers(model, given))
    folder = f"{sklearn.__version__}-{name}"
    os.makedirs(folder, exist_ok=True)
    file_name, save = SAVERS[place % len(SAVERS)]
    save(model, f"{folder}/{file_name}")
    with open(f"{folder}/case.json", "w") as file:
        json.dump(case, file, separators=(",", ":"), ensure_ascii=False)
        file.write("\n")
