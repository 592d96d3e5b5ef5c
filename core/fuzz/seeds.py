#!/usr/bin/env python3
"""Writes the test vectors of the record format, and the kept hostile changes, as the fuzzer's first inputs."""

import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


KEYS = ["vessel/name", "checkpoint/ID/name", "checkpoint/ID/deck", "tag/ID/checkpoint", "tag/ID/revision",
        "route/ID/name", "route/ID/walk", "route/ID/max_minutes", "route/ID/point/ID", "schedule/ID/name",
        "schedule/ID/route", "schedule/ID/times", "schedule/ID/window_minutes", "ship_time/0"]
VALUES = ["ID", "ordered", "02:00 14:00", "60", "-1", "9223372036854775807", "Paint locker"]


def contents(change):
    """What stands behind magic, checksum, type and length."""
    at = 9
    while at < len(change) and change[at] & 0x80:
        at += 1
    return change[at + 1 :]


def documents():
    lines = (HERE / "../../tests/fixtures/hostile/changes.txt").read_text(encoding="utf-8").splitlines()
    gate = []
    for line in lines:
        words = line.split(" ")[2 if line.startswith("#") else 5 :]
        changes = [contents(bytes.fromhex(word.split(":")[1])) for word in words]
        gate += changes
        if len(changes) > 1:
            gate.append(b"".join(len(change).to_bytes(2, "big") + change for change in changes[:8]))
    texts = ["\n".join(f"{key}\t{value}" for key in KEYS).replace("ID", "a0" * 16) for value in VALUES]
    return gate, [text.encode() for text in texts]


def ledger():
    """The published notes, keys and policies, and a request, a proof, a path and a leaf that are made of them."""
    vectors = json.loads((HERE.parent / "src/ledger/vectors/c2sp_signed_note.json").read_text(encoding="utf-8"))
    case, published = vectors["generated"], vectors["published"][0]
    texts = [published["note"], published["vkey"], case["log_vkey"], case["witness_vkey"], case["body"],
             case["checkpoint"], case["policy"], "old 0\n\n" + case["checkpoint"],
             "old 3\n" + "A" * 43 + "=\n\n" + case["checkpoint"],
             "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 7\n" + "A" * 43 + "=\n\n" + case["checkpoint"],
             "tile/0/x001/067.p/12", "tile/entries/x001/x234/067"]
    leaf = bytes([1, 1]) + bytes(range(16)) + bytes(7) + b"\x01" + bytes(range(64))
    return [text.encode() for text in texts] + [leaf]


def codes(vectors):
    """The texts that people scan and type, messages of tags, and a receipt, as the format's vectors have them."""
    texts = [entry["text"] for entry in vectors["join_codes"]]
    texts += [entry["text"] for entry in vectors["texts"].values() if "text" in entry]
    texts += [entry["text"] for entry in vectors["on_board"].values() if "text" in entry]
    sun = "https://dw.example/s?u=04DE5F1EACC040&c=00003D&m=94EED9EE65337086"
    texts += ["HTTPS://DW.EXAMPLE/T/1/7ZKQ04/" + "0" * 26, "HTTPS://DW.EXAMPLE/T/1/7ZKQ04/" + "0" * 26 + "/01234567", sun]
    uid = bytes.fromhex("0704de5f1eacc040")
    address = sun.removeprefix("https://").encode()
    tap = uid + bytes([0xD1, 1, len(address) + 1]) + b"U\x04" + address
    return [text.encode() for text in texts] + [tap, bytes.fromhex(vectors["messages"]["receipt"]["bytes"])]


def main():
    vectors = json.loads((HERE.parent / "src/record/vectors.json").read_text(encoding="utf-8"))
    items = [record["record_bytes"] for record in vectors["records"]]
    items += [part for record in vectors["records"] for part in record["part_bytes"].values()]
    items += [vector["bytes"] for vector in vectors["refused"] if vector["read_as"] != "segment"]
    segments = [segment["bytes"] for segment in vectors["segments"]]
    segments += [vector["bytes"] for vector in vectors["refused"] if vector["read_as"] == "segment"]
    messages = [message["bytes"] for message in vectors["messages"].values() if "bytes" in message]
    gate, texts = (list(map(bytes.hex, seeds)) for seeds in documents())
    statements = [text.hex() for text in ledger()]
    scanned = [code.hex() for code in codes(vectors)]
    targets = {"codes_and_statements": scanned, "ledger_texts": statements, "record_cbor": items, "record_segment": segments, "sync_message": messages,
               "document_gate": gate, "document_reading": texts}
    for target, seeds in targets.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in map(bytes.fromhex, seeds):
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        print(f"{folder}: {len(set(seeds))} seeds")


if __name__ == "__main__":
    main()
