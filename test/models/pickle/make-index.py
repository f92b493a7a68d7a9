"""Makes the index-*.pkl beside it, once with each version: pandas 1.5, 2.2, 3.0 without pyarrow, 3.0 with pyarrow."""

import importlib.util
import pickle

import pandas as pd

table = pd.DataFrame({"age": [1], "Größe": [2.5], "city": ["Rome"], "": [0]})
lists = {
    "names": table.columns,
    "chosen": table.columns[1:3],
    "positions": pd.DataFrame([[1, 2, 3]]).columns,
    "numbers": pd.Index([3, 1]),
}
refused = {"levels": pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])}
suffix = "-arrow" if importlib.util.find_spec("pyarrow") else ""
version = ".".join(pd.__version__.split(".")[:2])
pickle.dump(lists, open(f"index-{version}{suffix}.pkl", "wb"), protocol=4)
pickle.dump(lists, open(f"index-{version}{suffix}-5.pkl", "wb"), protocol=5)
if not suffix and version == "3.0":
    pickle.dump(refused, open(f"index-{version}-levels.pkl", "wb"), protocol=4)
