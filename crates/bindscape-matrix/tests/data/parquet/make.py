"""Writes the binding matrices that other programs would write, for the tests of the reader.

Made with Python 3.11, pandas 3.1.1, polars 2.1.0 and pyarrow 26.0.1.
"""

import numpy as np
import pandas as pd
import polars as pl

regions = {
    "chrom": ["chr1", "chr1", "chr2", "chr2"],
    "start": [100, 500, 0, 4_000_000_000],
    "end": [300, 700, 200, 4_000_000_200],
}
codes = {"JUND": [2, None, 0, 1], "MAX": [None, None, 2, 0]}

frame = pd.DataFrame(regions)
for tf, values in codes.items():
    frame[tf] = np.array([np.nan if value is None else value for value in values])
# An index that is no plain range becomes the column __index_level_0__.
frame.index = [3, 1, 4, 2]
frame["chrom"] = frame["chrom"].astype("category")
frame.to_parquet("pandas_float64.parquet", compression="snappy")

frame = pd.DataFrame(regions)
for tf, values in codes.items():
    frame[tf] = pd.array(values, dtype="Int64")
frame.to_parquet("pandas_nullable.parquet", compression="zstd")
frame.assign(JUND=[2, 0, 7, 1]).to_parquet("bad_code.parquet")
frame.drop(columns="end").to_parquet("no_end.parquet")
frame.assign(gene="TP53").to_parquet("text_column.parquet")

pl.DataFrame(regions | codes, schema_overrides={tf: pl.Int8 for tf in codes}).write_parquet("polars.parquet")
