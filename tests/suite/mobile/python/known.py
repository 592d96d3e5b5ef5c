"""Who holds the phone: PINs that are wrong, waits, an officer who stands by with his phone, a badge, a
finger; a walk, and its page ashore, which names who walked. `known.py FACTS`"""

import threading

import deckwatch as dw
from ground import FACTS, Device, Key, page

E = dw.MobileError
begin = FACTS["begin"]
labels = [point["label"] for point in FACTS["points"]]
badge = bytes.fromhex("04de5f1eacc040")


def refused(error, call, *arguments):
    try:
        call(*arguments)
    except error as caught:
        assert any(mark in caught.text for mark in ";,"), caught.text
        return caught
    raise AssertionError(f"{call} did not fail")


def person(crew, grade, by):
    return dw.Person(crew=crew, grade=grade, by=by)


I0, I1, I2 = dw.IdentityGrade.I0, dw.IdentityGrade.I1, dw.IdentityGrade.I2
officer, walker = Device(begin), Device(begin)
refused(E.NotEnrolled, walker.phone.log_in, 11, "481516")
refused(E.NotEnrolled, walker.phone.set_pin, 11, "481516", False)
for device, invitation in [(officer, "officer"), (walker, "walker")]:
    device.phone.enrol(FACTS[invitation])
    device.sync(begin + 60)
officer.at(begin + 70).adopt_plan(begin + 70)
officer.sync(begin + 80)
walker.sync(begin + 90)

# The officer's phone takes who comes first for its officer.
assert officer.phone.set_pin(2, "204117", False) == dw.VouchedBy.CERTIFICATE
assert officer.phone.log_in(2, "204117") == person(2, I1, dw.KnownBy.PIN())

# A PIN of one's own choice is worth no more than a word.
for pin in ["12345", "123456", "777777", "abcdef", "1234567890123", "000011"]:
    assert refused(E.InvalidInput, walker.phone.set_pin, 11, pin, False).field == "pin", pin
assert refused(E.InvalidInput, walker.phone.set_pin, 0, "481516", False).field == "crew"
assert walker.phone.set_pin(11, "481516", False) == dw.VouchedBy.NOBODY
refused(E.PinAlreadySet, walker.phone.set_pin, 11, "204118", False)
assert walker.phone.log_in(11, "481516") == person(11, I0, dw.KnownBy.PIN())
assert walker.phone.identity().person == person(11, I0, dw.KnownBy.PIN())
walker.phone.log_out()
assert walker.phone.identity().person is None

# Wrong PINs: the same answer for a number that nobody has, and then a wait.
first = dw.Allowance.TRY(before_wait=5, before_stop=20)
assert walker.phone.log_in_allowance(11) == walker.phone.log_in_allowance(12) == first
texts = {refused(E.LogInRefused, walker.phone.log_in, crew, "481517").text for crew in [11, 12]}
assert len(texts) == 1, texts
for _ in range(4):
    refused(E.LogInRefused, walker.phone.log_in, 11, "481517")
wait = refused(E.LogInWait, walker.phone.log_in, 11, "481516")
assert wait.seconds == 30 and walker.phone.log_in_allowance(11) == dw.Allowance.WAIT(seconds=30)
# Ending the app shortens nothing, and nobody who scans waits.
walker.phone = None
walker.phone = walker.open()
assert refused(E.LogInWait, walker.at(begin + 100).log_in, 11, "481516").seconds == 20
walker.phone.start(dw.PatrolChoice.UNPLANNED())
assert isinstance(walker.phone.scan_text(labels[0]), dw.ScanOutcome.TAKEN)
walker.phone.end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
assert walker.at(begin + 120).log_in(11, "481516") == person(11, I0, dw.KnownBy.PIN())
assert walker.phone.change_pin(11, "481516", "204118") == dw.VouchedBy.NOBODY
refused(E.LogInRefused, walker.phone.change_pin, 11, "481516", "204119")

# The officer stands by with his own phone: two codes, and a new PIN.
question = walker.phone.ask_officer(11)
asked = officer.phone.read_vouch_request(question)
assert (asked.crew, asked.device) == (11, walker.phone.identity().device), asked
refused(E.NotAllowed, walker.phone.vouch_for, question)
assert refused(E.InvalidInput, officer.phone.vouch_for, labels[0]).field == "code"
answer = officer.at(begin + 130).vouch_for(question)
assert refused(E.InvalidInput, walker.phone.officer_answered, question).field == "code"
assert walker.at(begin + 140).officer_answered(answer) == 11
assert refused(E.InvalidInput, walker.phone.officer_answered, answer).field == "code"
assert walker.phone.set_pin(11, "481516", False) == dw.VouchedBy.OFFICER
refused(E.NotAllowed, walker.phone.forget_person, 11)

# A badge is bound with the PIN, and tapped without; a finger signs what the library says.
refused(E.LogInRefused, walker.phone.log_in_badge, badge)
assert refused(E.InvalidInput, walker.phone.bind_badge, 11, "481516", b"\x08abc").field == "uid"
assert refused(E.InvalidInput, walker.phone.bind_badge, 11, "481516", b"abc").field == "uid"
walker.phone.bind_badge(11, "481516", badge)
assert walker.phone.log_in_badge(badge) == person(11, I0, dw.KnownBy.BADGE_AND_PIN())
walker.phone.log_out()
assert walker.phone.log_in_badge(badge) == person(11, I0, dw.KnownBy.BADGE())
finger = Device(begin).safe.key()
refused(E.KeyUnavailable, walker.phone.prepare_finger, 11)
walker.phone.bind_finger(11, "481516", finger.public_key())
challenge = walker.phone.prepare_finger(11)
walker.phone.scan_text(labels[0])  # Nothing waits while the system asks for the finger.
assert walker.phone.commit_finger(finger.sign(challenge)) == person(11, I2, dw.KnownBy.BADGE_AND_FINGER())
refused(E.LogInRefused, walker.phone.commit_finger, finger.sign(challenge))
assert isinstance(finger, Key)

# While a PIN is compared, other threads look and scan.
seen = []
threads = [threading.Thread(target=lambda: seen.append(walker.phone.log_in(11, "481516")))]
threads += [threading.Thread(target=lambda: seen.append(walker.phone.scan_text(labels[0]))) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(seen) == 4, seen
assert walker.phone.identity().person == person(11, I1, dw.KnownBy.BADGE_AND_PIN())

# The walk, and who walked, on the page ashore.
[due] = [due for due in walker.phone.due() if due.id == FACTS["due"]]
now = due.opens + 300
walker.at(now).start(dw.PatrolChoice.DUE(id=due.id))
for number, label in enumerate(labels):
    walker.at(now + 60 * number).scan_text(label)
walker.phone.end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
for late in [3_600, 7_200]:
    walker.sync(FACTS["deadline"] + late)
    officer.sync(FACTS["deadline"] + late + 10)
text = page(f"/patrols/{due.id}")
assert "done" in text and "missed" not in text, text
assert "crew 11" in text, text
