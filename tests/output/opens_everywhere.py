"""Opens every dataset of a result file with h5py, xarray and ncdump and looks for names, units and labels.

usage: opens_everywhere.py RESULT.h5
"""

import re
import subprocess
import sys
import warnings

import h5py
import numpy as np
import xarray as xr

# xarray of Debian 12 turns missing instants into NaN before it casts them, which numpy mentions.
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning)
# Deprecations inside the packages themselves say nothing about the file.
for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
    warnings.filterwarnings("ignore", category=category)

FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32"}


def expect(promise, *what):
    if not promise:
        raise AssertionError(" ".join(str(w) for w in what))


def check_dataset(name, dataset):
    """One dataset as h5py sees it; returns its values."""
    values = dataset[()]
    attributes = dict(dataset.attrs)
    expect(attributes.get("long_name"), name, "has no long_name")
    for key in ("long_name", "units", "flag_meanings", "cell_methods", "entities"):
        expect(isinstance(attributes.get(key, ""), str), name, key, "is not read as str")

    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    if is_text:
        expect(h5py.check_string_dtype(dataset.dtype) == h5py.h5t.string_info("utf-8", None), name, "is not UTF-8")
        dataset.asstr()[()]
    else:
        expect(dataset.dtype.kind in "iuf", name, "is", dataset.dtype)
        expect(attributes.get("units"), name, "has no units")
    if "flag_values" in attributes:
        meanings = attributes["flag_meanings"].split(" ")
        expect(attributes["flag_values"].dtype == dataset.dtype == np.uint8, name, "flags are not uint8")
        expect(list(attributes["flag_values"]) == list(range(len(meanings))), name, "flags")
        told = values[values != attributes["_FillValue"]] if "_FillValue" in attributes else values
        expect(told.size == 0 or told.max() < len(meanings), name, "has a value without meaning")
    if "_FillValue" in attributes:
        expect(attributes["_FillValue"].dtype == dataset.dtype, name, "_FillValue is of another type")
        expect(np.array_equal(attributes["_FillValue"], dataset.fillvalue, equal_nan=dataset.dtype.kind == "f"),
               name, "_FillValue is not the dataset's own")
    if dataset.chunks is not None:
        packed = [dataset.id.get_create_plist().get_filter(i)[0]
                  for i in range(dataset.id.get_create_plist().get_nfilters())]
        wanted = ([] if dataset.dtype.itemsize == 1 else [2]) + [1, 3]
        expect(packed == wanted, name, "has filters", [FILTERS.get(f, f) for f in packed])
        bytes_per_chunk = np.prod(dataset.chunks) * dataset.dtype.itemsize
        expect(bytes_per_chunk <= 256 << 10, name, "has a chunk of", bytes_per_chunk)
        expect(bytes_per_chunk >= 64 << 10 or np.prod(dataset.chunks) < 2 * max(1, dataset.size),
               name, "has small chunks")
    if "CLASS" not in attributes:  # no scale itself
        for dimension in dataset.dims:
            expect(len(dimension) == 1, name, "has a dimension without scale")
            scale = dimension[0]
            expect(scale.parent == dataset.parent, name, "borrows a scale of", scale.parent.name)
            expect(scale.attrs["NAME"].decode() == scale.name.rsplit("/", 1)[1], name, "scale is misnamed")
    return values


def check_xarray(path, group, datasets):
    with xr.open_dataset(path, group=group, engine="h5netcdf") as opened:
        opened.load()
        expect(set(opened.variables) == {d.name.rsplit("/", 1)[1] for d in datasets}, group, "misses variables")
        for dataset in datasets:
            name = dataset.name.rsplit("/", 1)[1]
            variable = opened[name]
            expect(variable.shape == dataset.shape, group, name, "has another shape")
            expect(variable.attrs["long_name"] == dataset.attrs["long_name"], group, name, "long_name")
            if dataset.attrs.get("units", "").startswith("nanoseconds since"):
                expect(variable.dtype == "datetime64[ns]", group, name, "is no instant but", variable.dtype)
                missing = dataset[()] == np.iinfo(np.int64).min
                expect(np.array_equal(np.isnat(variable.values), missing), group, name, "misses other instants")
                epoch = np.datetime64(dataset.attrs["units"].removeprefix("nanoseconds since "), "ns")
                there = (variable.values - epoch).astype(np.int64)
                expect(np.array_equal(there[~missing], dataset[()][~missing]), group, name, "tells another time")
    # Without decoding, every number is the one h5py reads.
    with xr.open_dataset(path, group=group, engine="h5netcdf", decode_cf=False) as raw:
        for dataset in datasets:
            name = dataset.name.rsplit("/", 1)[1]
            if h5py.check_string_dtype(dataset.dtype) is None:
                expect(np.array_equal(raw[name].values, dataset[()], equal_nan=dataset.dtype.kind == "f"), name)


def check_ncdump(path, names):
    """netCDF-C must see the same variables with the same labels, and read all data."""
    done = subprocess.run(["ncdump", path], capture_output=True, text=True)
    expect(done.returncode == 0 and not done.stderr, "ncdump:", done.stderr)
    header = subprocess.run(["ncdump", "-h", path], capture_output=True, text=True, check=True).stdout
    variables = re.findall(r"^\s+(?:string|u?int64|u?int|u?short|u?byte|double) ([\w\\]+)(?:\(.*\))? ;$",
                           header, re.MULTILINE)
    expect(sorted(variables) == sorted(n.rsplit("/", 1)[1] for n in names), "ncdump sees", variables)
    labelled = re.findall(r"string ([\w\\]+):long_name = ", header)
    expect(sorted(labelled) == sorted(variables), "ncdump sees labels of", labelled)
    expect("phony" not in header, "ncdump had to invent a dimension")


def main(path):
    with h5py.File(path, "r") as result:
        expect(result.attrs["Conventions"] == "CF-1.10 driftstorm-result-1.0", "Conventions")
        expect(result.attrs["format_name"] == "driftstorm-result", "format_name")
        expect(list(result.attrs["format_version"]) == [1, 0], "format_version")
        expect(result.attrs["status"] in ("complete", "partial", "failed"), "status")
        expect(list(result.attrs)[-1] == "status" or h5py.version.version_tuple < (3, 8), "status is not last")

        groups = {"/": []}
        names = []

        def visit(name, item):
            if isinstance(item, h5py.Group):
                groups["/" + name] = []
            else:
                groups[item.parent.name].append(item)
                names.append("/" + name)
                check_dataset("/" + name, item)

        result.visititems(visit)
        expect(names, "there is no dataset at all")
        for group, datasets in groups.items():
            check_xarray(path, group, datasets)
    check_ncdump(path, names)
    print(f"{len(names)} datasets in {len(groups)} groups: h5py, xarray and ncdump agree")


if __name__ == "__main__":
    main(sys.argv[1])
