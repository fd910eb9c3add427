"""Writes the files beside this script with the programs that users have; see README.md.

Run as `python make.py` with the versions in README.md. All hold the same 20 x 4 values:
component i of row r is (r * 4 + i) / 8 - 3, exact in half precision.
"""

import csv
import json

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from safetensors.numpy import save_file

n, dim = 20, 4
vectors = ((np.arange(n * dim) / 8) - 3).astype(np.float32).reshape(n, dim)
ids = [f"doc-{row}" for row in range(n)]
fixed = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
table = pa.table({"id": ids, "embedding": fixed})
batches = pa.Table.from_batches(table.to_batches(max_chunksize=7))

# Arrow IPC
with pa.OSFile("pyarrow_file.arrow", "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
    writer.write_table(batches)
with pa.OSFile("pyarrow_stream.arrow", "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
    writer.write_table(batches)
feather.write_feather(table, "pyarrow_lz4.feather", compression="lz4")
lists = pa.array(list(vectors.astype(np.float16)), pa.list_(pa.float16()))
feather.write_feather(pa.table({"id": ids, "embedding": lists}), "pyarrow_f16_zstd.feather", compression="zstd")
frame = pl.DataFrame({"id": ids, "embedding": vectors}, schema_overrides={"embedding": pl.Array(pl.Float32, dim)})
frame.write_ipc("polars.arrow")
pd.DataFrame({"id": ids, "embedding": list(vectors)}).to_feather("pandas.feather")

# safetensors
save_file({"embedding": vectors}, "numpy_f32.safetensors")
save_file({"embedding": vectors.astype(np.float16), "ids": np.arange(n)}, "numpy_f16.safetensors")

# JSON lines
pd.DataFrame({"id": ids, "embedding": vectors.tolist()}).to_json("pandas.jsonl", orient="records", lines=True)
pl.DataFrame({"id": ids, "embedding": vectors.tolist()}).write_ndjson("polars.ndjson")
with open("json.jsonl", "w") as file:
    for name, row in zip(ids, vectors.tolist()):
        file.write(json.dumps({"id": name, "embedding": row}) + "\n")

# CSV
pd.DataFrame({"id": ids, "embedding": vectors.tolist()}).to_csv("pandas.csv", index=False)
pd.DataFrame({"id": ids, "embedding": list(vectors)}).to_csv("pandas_arrays.csv", index=False)
with open("csv.tsv", "w", newline="") as file:
    writer = csv.writer(file, delimiter="\t")
    writer.writerow(["id", "embedding"])
    writer.writerows((name, json.dumps(row)) for name, row in zip(ids, vectors.tolist()))

# HDF5
def ann_benchmarks(name, libver="earliest", **storage):
    with h5py.File(name, "w", libver=libver) as file:
        file.attrs["distance"] = "angular"
        file.create_dataset("train", data=vectors, **storage)
        file.create_dataset("test", data=vectors[:2])
        file.create_dataset("neighbors", data=np.array([[0, 1, 2], [1, 2, 0]], dtype="i4"))
        file.create_dataset("distances", data=np.array([[0, 0.5, 1], [0, 0.25, 2]], dtype="f4"))

ann_benchmarks("h5py_gzip_shuffle.hdf5", chunks=(8, 4), compression="gzip", shuffle=True)
ann_benchmarks("h5py_v110.hdf5", libver=("v110", "v110"), chunks=(8, 2), maxshape=(None, 4), fletcher32=True)

# Parquet
pq.write_table(table, "pyarrow.parquet")
