"""What the tests in Python stand on: the facts that the Rust side hands over, clocks, and the shore.

The Rust side starts the shore and these programs; it moves the shore's clock when asked on stdout.
"""

import faulthandler
import json
import pathlib
import sys
import tempfile
import urllib.request

import deckwatch as dw

# A lock that is never let go: say who waits for it, instead of waiting too.
faulthandler.dump_traceback_later(600, exit=True)

FACTS = json.loads(pathlib.Path(sys.argv[1]).read_text())
FRAMES = pathlib.Path(FACTS["frames"])


def set_shore_clock(seconds):
    """Moves the shore's clock."""
    print(f"clock {seconds}", flush=True)
    assert sys.stdin.readline() == "moved\n"


def page(path):
    """A page of the shore."""
    with urllib.request.urlopen(f"http://{FACTS['address']}{path}") as response:
        return response.read().decode()


def post(server, body):
    """Carries a sync request to the shore."""
    request = urllib.request.Request(
        f"{server}/v1/sync", data=body, headers={"content-type": "application/octet-stream"}
    )
    with urllib.request.urlopen(request) as response:
        return response.read()


def frame(name):
    """A camera frame that the Rust side made."""
    width, height = FACTS["width"], FACTS["height"]
    return dw.LuminanceFrame(
        bytes=(FRAMES / f"{name}.y").read_bytes(), width=width, height=height, stride=width
    )


class Clock(dw.DeviceClock):
    """Clocks that agree, and stand still until they are moved."""

    def __init__(self, now):
        self.booted = now - 3_600
        self.now = now
        self.boot = b"\x07" * 8

    def read(self):
        mono = (self.now - self.booted) * 10
        return dw.ClockReading(wall_ms=self.now * 1_000, mono=mono, boot=self.boot)


class Key(dw.DeviceKey):
    """A key of the app's own: it signs with a software key, in the form that Android and iOS give."""

    def __init__(self, inner):
        self.inner = inner

    def public_key(self):
        return self.inner.public_key()

    def sign(self, message):
        raw = self.inner.sign(message)
        return der(raw[:32], raw[32:])


def der(*numbers):
    """ASN.1: a sequence of positive integers."""
    body = b""
    for number in numbers:
        number = number.lstrip(b"\x00")
        number = (b"\x00" if number[0] & 0x80 else b"") + number
        body += bytes([2, len(number)]) + number
    return bytes([0x30, len(body)]) + body


class Safe(dw.DeviceSafe):
    """A safe of the app's own, around one in a folder."""

    def __init__(self, folder, key=Key):
        self.inner = dw.folder_safe(str(folder))
        self.wrap = key

    def key(self):
        return self.wrap(self.inner.key())

    def renew(self):
        return self.wrap(self.inner.renew())

    def next_key(self):
        return self.wrap(self.inner.next_key())

    def use_next_key(self):
        self.inner.use_next_key()

    def marker(self):
        return self.inner.marker()

    def set_marker(self, marker):
        self.inner.set_marker(marker)

    def wrap_key(self, key):
        return self.inner.wrap_key(key)

    def unwrap_key(self, wrapped):
        return self.inner.unwrap_key(wrapped)


class Device:
    """A phone in a folder, with its clock."""

    def __init__(self, now, safe=Safe, folder=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(dir=FACTS["folder"]))
        self.clock = Clock(now)
        self.safe = safe(self.folder / "safe")
        self.phone = self.open()

    def open(self):
        return dw.Phone.open(str(self.folder / "phone.db"), self.safe, self.clock)

    def at(self, now):
        self.clock.now = now
        return self.phone

    def sync(self, now):
        """As many round trips as it takes, with the shore's clock at `now` too."""
        set_shore_clock(now)
        phone = self.at(now)
        for _ in range(16):
            request = phone.sync_request()
            outcome = phone.sync_response(post(phone.sync_state().server, request))
            if not outcome.more:
                return outcome
        raise AssertionError("the sync does not come to an end")
