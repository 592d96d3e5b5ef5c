"""What goes wrong: wrong codes, bad frames, an app's code that throws or calls back, huge input,
handles that are dropped, threads. `edges.py FACTS`"""

import collections
import gc
import sys
import threading
import unittest

import deckwatch as dw
from ground import FACTS, Device, Key, Safe, frame

BEGIN = FACTS["begin"]
INVITATIONS = iter(FACTS["invitations"])
E = dw.MobileError
LABELS = [point["label"] for point in FACTS["points"]]


def enrolled(**options):
    device = Device(BEGIN, **options)
    device.phone.enrol(next(INVITATIONS))
    return device


def with_plan():
    """A phone with the Plan, and a patrol of the first due route under way."""
    device = enrolled()
    device.sync(BEGIN + 60)
    [due] = [due for due in device.phone.due() if due.id == FACTS["due"]]
    device.at(due.opens + 60).start(dw.PatrolChoice.DUE(id=due.id))
    return device


class Base(unittest.TestCase):
    def fails(self, error, call, *arguments):
        """The call fails with this error, whose text says something and ends in something to do."""
        with self.assertRaises(error) as caught:
            call(*arguments)
        text = caught.exception.text
        self.assertGreater(len(text), 20)
        self.assertRegex(text, "[;,(]", "no second half that says what to do")
        return caught.exception


class Errors(Base):
    def test_each_can_be_told_from_the_others(self):
        device = Device(BEGIN)
        phone = device.phone
        self.fails(E.NotEnrolled, phone.sync_request)
        self.fails(E.NotEnrolled, phone.scan_text, LABELS[0])
        self.fails(E.NotEnrolled, phone.start, dw.PatrolChoice.UNPLANNED())
        self.fails(E.NotEnrolled, phone.log_in_unchecked, 11)
        self.fails(E.NoPatrol, phone.status)
        for text in ["", "https://example.org", FACTS["walker"][:-8], FACTS["walker"] + "!"]:
            self.assertEqual(self.fails(E.InvalidInput, phone.enrol, text).field, "text")
        phone.enrol(next(INVITATIONS))
        self.fails(E.AlreadyEnrolled, phone.enrol, next(INVITATIONS))
        self.fails(E.NoPatrol, phone.end, dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
        self.fails(E.NotAllowed, phone.adopt_plan, BEGIN)
        self.fails(E.NotInPlan, phone.start, dw.PatrolChoice.DUE(id="00" * 16))
        self.fails(E.NotInPlan, phone.start, dw.PatrolChoice.ROUTE(id="00" * 8))
        for wrong in ["", "zz", "00" * 15, "00" * 17, "é" * 32, "00" * 1_000_000]:
            due = dw.PatrolChoice.DUE(id=wrong)
            self.assertEqual(self.fails(E.InvalidInput, phone.start, due).field, "due")
        manual = dw.ManualReason.TAG_MISSING
        self.assertEqual(self.fails(E.InvalidInput, phone.scan_manual, "x", manual).field, "checkpoint")
        nobody = self.fails(E.InvalidInput, phone.log_in_unchecked, 0)
        self.assertEqual(nobody.field, "crew")
        phone.start(dw.PatrolChoice.UNPLANNED())
        self.fails(E.PatrolOpen, phone.start, dw.PatrolChoice.UNPLANNED())
        self.fails(E.PatrolOpen, phone.park, dw.ParkReason.REPAIR)
        self.fails(E.ResponseRejected, phone.sync_response, b"")
        self.fails(E.ResponseRejected, phone.sync_response, b"<html>502 Bad Gateway</html>")

    def test_stores_that_cannot_be_opened(self):
        device = Device(BEGIN)
        # SQLite takes some names for files that are gone when they are closed.
        for path in ["", ":memory:", "phone.db", "file:phone.db"]:
            error = self.fails(E.InvalidInput, dw.Phone.open, path, device.safe, device.clock)
            self.assertEqual(error.field, "path")
        for path in ["/", "/nowhere/phone.db", "/tmp/\0"]:
            self.fails(E.StorageFailed, dw.Phone.open, path, device.safe, device.clock)
        other = device.folder / "other.db"
        other.write_bytes(b"this is a letter to a friend" * 100)
        self.fails(E.StorageDamaged, dw.Phone.open, str(other), device.safe, device.clock)
        self.assertTrue(other.read_bytes().startswith(b"this is a letter"))

    def test_closed_is_closed(self):
        device = with_plan()
        phone = device.phone
        status = phone.status()
        phone.shut_down()
        phone.shut_down()
        for call in [phone.status, phone.identity, phone.due, phone.routes, phone.plan, phone.log_out,
                     phone.sync_state, phone.sync_request, phone.resume, phone.heartbeat]:
            self.fails(E.Closed, call)
        self.fails(E.Closed, phone.scan_text, LABELS[0])
        self.fails(E.Closed, phone.scan_frame, frame("point-0"), dw.Effort.THOROUGH())
        again = device.open()
        self.assertEqual(again.status().number, status.number)


class Codes(Base):
    def test_wrong_codes_are_recorded_as_what_they_are(self):
        phone = with_plan().phone
        outcome = phone.scan_text(FACTS["stranger_label"])
        self.assertIsInstance(outcome, dw.ScanOutcome.OTHER_VESSEL)
        outcome = phone.scan_text(FACTS["unknown_label"])
        self.assertEqual(outcome, dw.ScanOutcome.UNKNOWN_TAG(tag="ee" * 16))
        for text in ["", "WIFI:S:bridge;T:WPA;P:secret;;", LABELS[0] + "X", "\0", "🛳" * 200]:
            self.assertEqual(phone.scan_text(text), dw.ScanOutcome.NOT_A_DECKWATCH_TAG(), text)
        status = phone.status()
        self.assertEqual((status.visited, status.unknown_tags), ([], 2))
        later = phone.scan_text(LABELS[1])
        self.assertEqual(later.place.name, FACTS["points"][1]["name"])
        self.assertEqual(phone.status().next.id, FACTS["points"][0]["id"])
        by_hand = phone.scan_manual(FACTS["points"][2]["id"], dw.ManualReason.UNSAFE_TO_APPROACH)
        self.assertIsInstance(by_hand, dw.ScanOutcome.TAKEN)
        self.assertEqual(len(phone.status().visited), 2)
        phone.end(dw.EndHow.BROKEN_OFF, dw.EndReason.WEATHER)
        self.assertIsInstance(phone.scan_text(LABELS[0]), dw.ScanOutcome.OUTSIDE_PATROL)

    def test_frames_without_a_label_record_nothing(self):
        phone = with_plan().phone
        before = phone.identity().last_seq
        R = dw.UnreadableReason

        def reason(picture, effort=dw.Effort.QUICK()):
            return self.fails(E.Unreadable, phone.scan_frame, picture, effort).reason

        self.assertEqual(reason(frame("wall"), dw.Effort.THOROUGH()), R.NOTHING_FOUND())
        self.assertEqual(reason(frame("wifi"), dw.Effort.THOROUGH()), R.NOT_A_LABEL())
        good = frame("point-0")
        for changed in [
            {"bytes": b""}, {"bytes": good.bytes[:-1]}, {"width": 0}, {"height": 0}, {"stride": 0},
            {"stride": good.width - 1}, {"width": 2**32 - 1}, {"height": 2**32 - 1},
            {"width": 2**32 - 1, "height": 2**32 - 1, "stride": 2**32 - 1}, {"stride": 2**32 - 1},
        ]:
            fields = {"bytes": good.bytes, "width": good.width, "height": good.height,
                      "stride": good.stride, **changed}
            self.assertEqual(reason(dw.LuminanceFrame(**fields)), R.BAD_FRAME(), changed.keys())
        self.assertEqual(phone.identity().last_seq, before)
        efforts = [dw.Effort.QUICK(), dw.Effort.THOROUGH(), dw.Effort.SEQUENCE(number=2**64 - 1),
                   dw.Effort.SEQUENCE(number=0)]
        for effort in efforts:
            place = phone.scan_frame(good, effort).place
            self.assertEqual(place.id, FACTS["points"][0]["id"])
        self.assertEqual(phone.identity().last_seq, before + len(efforts))


class Pages(Base):
    def test_what_cannot_be_written_is_not(self):
        phone = enrolled().phone
        about = dw.PageSubject.DUE(id=FACTS["due"])
        on, D = dw.WrittenOn.PATROL(), dw.PageDraft
        before = phone.identity().last_seq

        def field(draft, subject=about):
            return self.fails(E.InvalidInput, phone.write, subject, draft).field

        self.assertEqual(field(D.REMARK(on=on, text=" \n ")), "text")
        self.assertEqual(field(D.REMARK(on=on, text="x" * 2_001)), "text")
        self.assertEqual(field(D.HANDOVER(text="x" * 32_000_000)), "text")
        self.assertEqual(field(D.REMARK(on=dw.WrittenOn.POINT(id="x"), text="y")), "point")
        self.assertEqual(field(D.REPLY(flag="x", text="y")), "flag")
        self.assertEqual(field(D.CORRECT(kind=dw.WritingKind.REMARK, id="../x", text="y")), "writing")
        yes = dw.CheckAnswer.YES_NO(yes=True)
        point = FACTS["points"][0]["id"]
        self.assertEqual(field(D.ANSWER(point=point, item="Not An Item", answer=yes)), "checklist item")
        self.assertEqual(field(D.HANDOVER(text="y"), dw.PageSubject.DUE(id="00")), "due")
        self.fails(E.NotAllowed, phone.write, about, D.CLOSE())
        self.fails(E.NotAllowed, phone.write, about, D.REVIEW(on=on, text="fine"))
        self.fails(E.NotEnrolled, Device(BEGIN).phone.write, about, D.HANDOVER(text="y"))
        self.fails(E.NotEnrolled, Device(BEGIN).phone.page, about)
        self.assertEqual(phone.identity().last_seq, before)
        self.assertEqual(phone.page(about).writings, [])

    def test_every_draft_is_kept_and_read_again(self):
        device = enrolled()
        phone = device.phone
        phone.log_in_unchecked(11)
        about = dw.PageSubject.DAY(number=20_000)
        on, D, K = dw.WrittenOn.PATROL(), dw.PageDraft, dw.WritingKind
        point = FACTS["points"][0]["id"]
        incident = phone.write(about, D.INCIDENT(on=on, claimed=BEGIN - 60, text="Smoke."))
        defect = phone.write(about, D.DEFECT(on=dw.WrittenOn.POINT(id=point), text="Lamp is dead."))
        for draft in [
            D.AMENDMENT(incident=incident, text="From a toaster."),
            D.REASON(on=on, code=dw.EndReason.WEATHER, text="Seas on deck."),
            D.REPLY(flag="ab" * 32, text="I was at the other end."),
            D.REMARK(on=dw.WrittenOn.WRITING(id=defect), text="Still dead."),
            D.REMARK(on=dw.WrittenOn.SCAN(record="cd" * 32), text="Wet label."),
            D.HANDOVER(text="🛳 " * 600),
        ]:
            self.assertIsNotNone(phone.write(about, draft))
        for item, answer in [("closed", dw.CheckAnswer.YES_NO(yes=False)),
                             ("pressure", dw.CheckAnswer.NUMBER(milli=-(2**63))),
                             ("state", dw.CheckAnswer.WORDS(text="rusty"))]:
            self.assertIsNone(phone.write(about, D.ANSWER(point=point, item=item, answer=answer)))
        phone.write(about, D.DEFECT_STATE(defect=defect, open=False))
        phone.write(about, D.TAKE_BACK(kind=K.INCIDENT, id=incident))
        page = phone.page(about)
        kinds = collections.Counter(writing.kind for writing in page.writings)
        expected = {K.REMARK: 2, K.ANSWER: 3, K.REASON: 1, K.INCIDENT: 1, K.AMENDMENT: 1, K.DEFECT: 1,
                    K.HANDOVER: 1, K.REPLY: 1}
        self.assertEqual(kinds, expected)
        self.assertEqual({writing.crew for writing in page.writings}, {11})
        values = {(writing.id, field.name): field.value
                  for writing in page.writings for field in writing.fields}
        self.assertIsNone(values[(incident, "text")])
        self.assertEqual(values[(incident, "claimed")], dw.PageValue.NUMBER(number=BEGIN - 60))
        self.assertEqual(values[(defect, "state")], dw.PageValue.NUMBER(number=2))
        self.assertEqual(values[(f"{point}:pressure", "milli")], dw.PageValue.NUMBER(number=-(2**63)))
        device.sync(BEGIN + 60)
        self.assertEqual(phone.sync_state().unsent_changes, 0)
        phone.shut_down()
        self.assertEqual(device.open().page(about), page)

    def test_the_checklist_of_a_checkpoint(self):
        phone = with_plan().phone
        self.assertEqual(self.fails(E.InvalidInput, phone.checklist, "x").field, "checkpoint")
        self.assertEqual(phone.checklist("00" * 8), [])
        asked = {point["id"]: phone.checklist(point["id"]) for point in FACTS["points"]}
        for point in FACTS["points"]:
            self.assertEqual([item.ask for item in asked[point["id"]]], point["asked"])
        self.assertTrue(any(asked.values()), "the Plan of these tests asks something")


class Huge(Base):
    def test_huge_input_is_refused_and_changes_nothing(self):
        device = with_plan()
        phone = device.phone
        before = phone.identity().last_seq
        megabytes = 32 * 1024 * 1024
        self.fails(E.ResponseRejected, phone.sync_response, b"\x87" * megabytes)
        self.fails(E.InvalidInput, phone.start, dw.PatrolChoice.ROUTE(id="0" * megabytes))
        self.fails(E.InvalidInput, Device(BEGIN).phone.enrol, "DECKWATCH-ENROL:" + "A" * megabytes)
        picture = dw.LuminanceFrame(bytes=bytes(megabytes), width=64, height=64, stride=64)
        self.fails(E.Unreadable, phone.scan_frame, picture, dw.Effort.THOROUGH())
        self.assertEqual(phone.identity().last_seq, before)
        self.assertEqual(phone.scan_text("A" * megabytes), dw.ScanOutcome.NOT_A_DECKWATCH_TAG())
        self.assertEqual(phone.identity().last_seq, before + 1)


class SwitchedKey(Key):
    """A key that does as it is told."""

    act = None

    def sign(self, message):
        return self.act(message) if self.act else super().sign(message)


class Throwing(Base):
    def test_a_key_that_throws_or_lies_loses_nothing(self):
        device = enrolled(safe=lambda folder: Safe(folder, SwitchedKey))
        phone = device.phone
        phone.start(dw.PatrolChoice.UNPLANNED())

        def unavailable(message):
            raise dw.PlatformError.Unavailable(reason="the phone is locked")

        def broken(message):
            raise RuntimeError("kaboom " + "x" * 10_000)

        answers = [unavailable, broken, lambda message: b"", lambda message: b"\0" * 64,
                   lambda message: b"\x30" * 72, lambda message: "text", lambda message: None]
        for number, answer in enumerate(answers):
            SwitchedKey.act = staticmethod(answer)
            phone.scan_text(LABELS[number % len(LABELS)])
            error = self.fails(E.KeyUnavailable, phone.sync_request)
            self.assertLess(len(error.text), 500)
            if answer is unavailable:
                self.assertIn("the phone is locked", error.text)
            if answer is broken:
                self.assertIn("kaboom", error.text)
        status = phone.end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
        self.assertEqual(status.unknown_tags, len(answers))
        SwitchedKey.act = None
        device.sync(BEGIN + 60)
        self.assertEqual(phone.sync_state().unsent, 0)

    def test_a_safe_that_throws(self):
        class Unsafe(Safe):
            answers = {}

            def key(self):
                return self.answers.get("key", super().key)()

            def marker(self):
                return self.answers.get("marker", super().marker)()

            def set_marker(self, marker):
                raise OSError("no space left")

        device = enrolled(safe=Unsafe)
        device.phone.scan_text(LABELS[0])
        identity = device.phone.identity()
        device.phone.shut_down()

        def throw():
            raise KeyError("keystore")

        class Odd(Key):
            def public_key(self):
                return b"\x02" * 20

        for key in [throw, lambda: None, lambda: Odd(device.safe.inner.key())]:
            Unsafe.answers = {"key": key}
            self.fails(E.KeyUnavailable, device.open)
        # A marker that is lost is no reason to begin a new chain.
        for marker in [throw, lambda: None, lambda: b"", lambda: b"\xff" * 56, lambda: b"\0" * 10**6]:
            Unsafe.answers = {"marker": marker}
            phone = device.open()
            self.assertIsInstance(phone.opened(), dw.Opened.RESUMED)
            self.assertEqual(phone.identity().device, identity.device)
            self.assertGreaterEqual(phone.identity().last_seq, identity.last_seq)
            phone.shut_down()

    def test_a_store_key_that_is_lost_locked_or_another(self):
        answers = {}

        class Emptied(Safe):
            def unwrap_key(self, wrapped):
                return answers.get("unwrap", super().unwrap_key)(wrapped)

        device = enrolled(safe=Emptied)
        device.sync(BEGIN + 60)
        device.at(BEGIN + 70).scan_text(LABELS[0])
        identity, receipt = device.phone.identity(), device.phone.sync_state().receipt
        path = device.folder / "phone.db"
        self.fails(E.InvalidInput, dw.set_store_aside, str(path), device.safe)
        self.fails(E.InvalidInput, dw.set_store_aside, "phone.db", device.safe)
        device.phone.shut_down()
        for wanted in [FACTS["invitations"][0], *LABELS]:
            self.assertNotIn(wanted.encode(), path.read_bytes())

        def fail(error):
            def thrown(_):
                raise error
            return thrown

        was = path.read_bytes()
        locked = dw.PlatformError.Unavailable(reason="the phone was not unlocked yet")
        for odd in [fail(locked), fail(OSError("busy")), lambda _: b"short", lambda _: None]:
            answers["unwrap"] = odd
            self.fails(E.KeyUnavailable, device.open)
            self.fails(E.KeyUnavailable, dw.set_store_aside, str(path), device.safe)
        gone = fail(dw.PlatformError.Lost(reason="the alias is gone"))
        for odd in [lambda _: b"\1" * 32, gone]:
            answers["unwrap"] = odd
            self.fails(E.StorageKeyLost, device.open)
            self.assertEqual(path.read_bytes(), was)
        # The app is told what the shore has of it, and begins anew; the old file stays.
        aside = dw.set_store_aside(str(path), device.safe)
        [chain] = aside.chains
        self.assertEqual((chain.device, chain.newest_seq), (identity.device, identity.last_seq))
        self.assertEqual(chain.receipted_seq, receipt.seq)
        self.assertLess(chain.receipted_seq, chain.newest_seq)
        self.assertEqual(aside.path, str(path) + ".lost-1")
        self.assertFalse(path.exists())
        answers.clear()
        phone = device.open()
        self.assertIsInstance(phone.opened(), dw.Opened.NEW)
        phone.enrol(next(INVITATIONS))
        self.assertNotEqual(phone.identity().device, identity.device)
        device.phone = phone
        device.sync(BEGIN + 120)

    def test_a_clock_that_throws_or_lies(self):
        device = with_plan()
        phone, clock = device.phone, device.clock
        honest = clock.read
        before = phone.identity().last_seq

        def throw():
            raise RuntimeError("no clock")

        def reading(**changed):
            now = honest()
            fields = {"wall_ms": now.wall_ms, "mono": now.mono, "boot": now.boot, **changed}
            return lambda: dw.ClockReading(**fields)

        for answer in [throw, lambda: None, reading(boot=b""), reading(boot=b"\1" * 9),
                       reading(wall_ms="noon"), reading(mono=-1), reading(mono=2**64)]:
            clock.read = answer
            for call in [phone.status, phone.due, phone.heartbeat, phone.sync_request]:
                self.fails(E.ClockUnavailable, call)
            self.fails(E.ClockUnavailable, phone.scan_text, LABELS[0])
        self.assertEqual(phone.identity().last_seq, before)
        # What no clock says is recorded like anything else, and does not shake the library.
        for wall in [0, -1, -(2**63), 2**63 - 1]:
            for mono in [0, 2**63, 2**64 - 1]:
                clock.read = reading(wall_ms=wall, mono=mono)
                phone.scan_text(LABELS[0])
                phone.due()
                phone.status()
                phone.heartbeat()
        clock.read = honest
        self.assertIsInstance(phone.scan_text(LABELS[1]), dw.ScanOutcome.TAKEN)
        device.sync(BEGIN + 7_200)
        self.assertEqual(phone.sync_state().unsent, 0)


class CallingBack(Base):
    def setUp(self):
        self.device = enrolled(safe=lambda folder: Safe(folder, SwitchedKey))
        self.phone = self.device.phone
        self.phone.start(dw.PatrolChoice.UNPLANNED())

    def tearDown(self):
        SwitchedKey.act = None

    def signing(self, act):
        """Runs `act` inside of the signature of a sync request."""
        seen = []

        def sign(message):
            SwitchedKey.act = None
            seen.append(act())
            raise dw.PlatformError.Unavailable(reason="that was all")

        SwitchedKey.act = staticmethod(sign)
        self.fails(E.KeyUnavailable, self.phone.sync_request)
        return seen[0]

    def test_a_signer_may_look(self):
        phone = self.phone
        self.assertEqual(self.signing(phone.status).number, 1)
        self.assertEqual(self.signing(phone.identity).vessel, FACTS["vessel"])
        self.signing(phone.plan)
        self.signing(phone.routes)
        self.signing(phone.sync_state)

    def test_a_signer_may_not_record(self):
        phone = self.phone
        for call in [phone.due, phone.log_out, phone.heartbeat, phone.sync_request, phone.shut_down,
                     lambda: phone.scan_text(LABELS[0])]:
            self.signing(lambda call=call: self.fails(E.CalledBack, call))
        self.device.sync(BEGIN + 60)

    def test_a_signer_that_waits_for_another_thread_that_looks(self):
        def act():
            seen = []
            thread = threading.Thread(target=lambda: seen.append(self.phone.status().number))
            thread.start()
            thread.join()
            return seen

        self.assertEqual(self.signing(act), [1])

    def test_a_clock_that_asks_the_phone(self):
        errors = []
        honest = self.device.clock.read

        def read():
            try:
                self.phone.status()
            except E as error:
                errors.append(type(error))
            return honest()

        self.device.clock.read = read
        self.assertEqual(self.phone.status().number, 1)
        self.phone.scan_text(LABELS[0])
        self.assertEqual(errors, [E.CalledBack, E.CalledBack])

    def test_an_observer_hears_what_changed_and_may_do_anything(self):
        phone, heard = self.phone, []

        class Ear(dw.PhoneObserver):
            def changed(self, change):
                heard.append(change)
                heard.append(phone.status().unknown_tags)
                if len(heard) < 4:
                    phone.scan_text(FACTS["unknown_label"])
                raise RuntimeError("ears hurt")

        phone.observe(Ear())
        phone.scan_text(FACTS["unknown_label"])
        self.assertEqual(heard[0], dw.Change.PATROL())
        self.assertIn(dw.Change.SYNC(), heard)
        self.assertEqual(max(number for number in heard if isinstance(number, int)), 2)
        phone.observe(None)
        count = len(heard)
        phone.scan_text(FACTS["unknown_label"])
        self.assertEqual(len(heard), count)


class Cancelling(Base):
    def test_a_cancelled_frame_records_nothing(self):
        phone = with_plan().phone
        before = phone.identity().last_seq
        cancel = dw.Cancel()
        self.assertFalse(cancel.is_cancelled())
        cancel.cancel()
        cancel.cancel()
        self.assertTrue(cancel.is_cancelled())
        good = frame("point-0")
        self.fails(E.Cancelled, phone.scan_frame, good, dw.Effort.THOROUGH(), cancel)
        self.fails(E.Cancelled, phone.sync_response, b"", cancel)
        self.assertEqual(phone.identity().last_seq, before)
        phone.scan_frame(good, dw.Effort.THOROUGH(), dw.Cancel())
        self.assertEqual(phone.identity().last_seq, before + 1)

    def test_another_thread_cancels(self):
        phone = with_plan().phone
        before = phone.identity().last_seq
        cancel, begun, ended = dw.Cancel(), threading.Event(), []
        wall = frame("wall")

        def scan():
            while not ended:
                try:
                    phone.scan_frame(wall, dw.Effort.THOROUGH(), cancel)
                except E.Cancelled as error:
                    ended.append(error)
                except E.Unreadable:
                    begun.set()

        thread = threading.Thread(target=scan)
        thread.start()
        begun.wait()
        cancel.cancel()
        thread.join()
        self.assertEqual(len(ended), 1)
        self.assertEqual(phone.identity().last_seq, before)


class Handles(Base):
    def test_dropped_handles_and_many_of_them(self):
        device = enrolled()
        device.phone.scan_text(LABELS[0])
        device.phone.shut_down()
        for _ in range(30):
            phone = device.open()
            seq = phone.identity().last_seq
            phone.observe(Loop(phone))
            phone.scan_text(LABELS[0])
            self.assertGreater(phone.identity().last_seq, seq)
            # The observer holds the phone, and the phone the observer, until one lets go.
            phone.observe(None)
            phone.shut_down()
            del phone
        gc.collect()
        frames = [dw.Cancel() for _ in range(10_000)]
        del frames

    def test_a_phone_dropped_while_another_thread_uses_it(self):
        device = enrolled()
        phone, device.phone = device.phone, None
        inside, dropped, seen = threading.Event(), threading.Event(), []
        honest = device.clock.read

        def read():
            inside.set()
            dropped.wait()
            return honest()

        device.clock.read = read
        thread = threading.Thread(target=lambda p: seen.append(p.scan_text(LABELS[0])), args=[phone])
        thread.start()
        inside.wait()
        del phone, thread
        gc.collect()
        dropped.set()
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()
        self.assertEqual(len(seen), 1)
        device.clock.read = honest
        self.assertEqual(device.open().identity().last_seq, 2, "genesis, scan, and the tail found")


class Loop(dw.PhoneObserver):
    def __init__(self, phone):
        self.phone = phone

    def changed(self, change):
        self.phone.sync_state()


class Threads(Base):
    def test_threads_look_and_scan_at_once(self):
        device = with_plan()
        phone = device.phone
        before = phone.identity().last_seq
        scans, failures, done = 60, [], threading.Event()

        def work(act):
            try:
                act()
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        def look():
            seen = 0
            while not done.is_set():
                visited = len(phone.status().visited)
                assert visited >= seen, "a scan came undone"
                seen = visited
                phone.due(), phone.identity(), phone.sync_state()

        def scan(start):
            for number in range(scans):
                phone.scan_text(LABELS[(start + number) % len(LABELS)])

        def photograph():
            for _ in range(10):
                phone.scan_frame(frame("point-0"), dw.Effort.QUICK())

        lookers = [threading.Thread(target=work, args=[look]) for _ in range(2)]
        workers = [threading.Thread(target=work, args=[lambda n=n: scan(n)]) for n in range(2)]
        workers.append(threading.Thread(target=work, args=[photograph]))
        for thread in lookers + workers:
            thread.start()
        for thread in workers:
            thread.join()
        done.set()
        for thread in lookers:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(phone.identity().last_seq, before + 2 * scans + 10)
        self.assertEqual(phone.status().left, [])
        phone.end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
        device.sync(device.clock.now + 60)
        self.assertEqual(phone.sync_state().unsent, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
