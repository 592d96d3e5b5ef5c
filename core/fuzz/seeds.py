#!/usr/bin/env python3
"""Writes the test vectors of the record format as the fuzzer's first inputs."""

import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def main():
    vectors = json.loads((HERE.parent / "src/record/vectors.json").read_text(encoding="utf-8"))
    items = [record["record_bytes"] for record in vectors["records"]]
    items += [part for record in vectors["records"] for part in record["part_bytes"].values()]
    items += [vector["bytes"] for vector in vectors["refused"] if vector["read_as"] != "segment"]
    segments = [segment["bytes"] for segment in vectors["segments"]]
    segments += [vector["bytes"] for vector in vectors["refused"] if vector["read_as"] == "segment"]
    for target, seeds in {"record_cbor": items, "record_segment": segments}.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in map(bytes.fromhex, seeds):
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        print(f"{folder}: {len(set(seeds))} seeds")


if __name__ == "__main__":
    main()
