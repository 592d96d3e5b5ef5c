"""Calls the built library as generated code would, and prints what `version` says, as JSON.

    call_version.py LIBRARY
"""

import ctypes
import json
import struct
import sys


class RustBuffer(ctypes.Structure):
    _fields_ = [
        ("capacity", ctypes.c_uint64),
        ("len", ctypes.c_uint64),
        ("data", ctypes.POINTER(ctypes.c_ubyte)),
    ]


class RustCallStatus(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int8), ("error", RustBuffer)]


def main(path):
    library = ctypes.CDLL(path)

    contract = library.ffi_deckwatch_mobile_uniffi_contract_version
    contract.restype = ctypes.c_uint32

    checksum = library.uniffi_deckwatch_mobile_checksum_func_version
    checksum.restype = ctypes.c_uint16

    version = library.uniffi_deckwatch_mobile_fn_func_version
    version.argtypes = [ctypes.POINTER(RustCallStatus)]
    version.restype = RustBuffer

    free = library.ffi_deckwatch_mobile_rustbuffer_free
    free.argtypes = [RustBuffer, ctypes.POINTER(RustCallStatus)]
    free.restype = None

    status = RustCallStatus()
    buffer = version(ctypes.byref(status))
    if status.code != 0:
        sys.exit(f"version: call status {status.code}")
    data = bytes(buffer.data[: buffer.len])
    free(buffer, ctypes.byref(status))

    # A record is its fields in order: a string as a big-endian i32 length and UTF-8, then the u32.
    (length,) = struct.unpack_from(">i", data)
    (record_format,) = struct.unpack_from(">I", data, 4 + length)
    if len(data) != 4 + length + 4:
        sys.exit(f"version: {len(data)} bytes do not fit the record")
    print(
        json.dumps(
            {
                "contract": contract(),
                "checksum": checksum() != 0,
                "crate_version": data[4 : 4 + length].decode(),
                "record_format": record_format,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
