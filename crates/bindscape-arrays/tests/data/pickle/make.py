"""Writes the pickles for the tests of the reader, with Python 3.11 and numpy 2.4.6."""

import os
import pickle

import numpy as np

regions = {("chr1", 100, 300): 1, ("chr1", 70_000, 70_200): 0, ("chrX", 3_000_000_000, 3_000_000_200): 2}
tfs = {f"TF{i}": (i + 300) % 1500 for i in range(1500)}
for protocol in range(2, 6):
    for name, content in [("regions", regions), ("tfs", tfs if protocol < 4 else {"MAX": 1, "JUND": 0})]:
        with open(f"{name}.{protocol}.pickle", "wb") as file:
            pickle.dump(content, file, protocol=protocol)


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/pickle-was-executed",)


for name, content in [("evil", {"MAX": Evil()}), ("numpy", {"MAX": np.int64(0)}), ("list", ["MAX"]),
                      ("text_protocol", None)]:
    with open(f"{name}.pickle", "wb") as file:
        if content is None:
            pickle.dump({"MAX": 0}, file, protocol=0)
        else:
            pickle.dump(content, file, protocol=3)
