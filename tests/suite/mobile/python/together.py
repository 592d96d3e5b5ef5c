"""Two phones in another language: the second is enrolled on board, without the shore, and takes part in
the first one's patrol. `together.py FACTS`"""

import deckwatch as dw
from ground import FACTS, Device, page

begin = FACTS["begin"]
labels = [point["label"] for point in FACTS["points"]]


def refused(error, call, *arguments):
    try:
        call(*arguments)
    except error as caught:
        return caught
    raise AssertionError(f"{call} did not fail")


officer = Device(begin)
officer.phone.enrol(FACTS["officer"])
officer.sync(begin + 60)
officer.at(begin + 70).adopt_plan(begin + 70)
officer.sync(begin + 80)

# A phone that the shore has never seen: two codes, and it is one of the ship's.
mate = Device(begin + 100)
refused(dw.MobileError.NotEnrolled, mate.phone.sync_request)
request = mate.phone.enrolment_request()
assert request == mate.phone.enrolment_request()
wrong = refused(dw.MobileError.InvalidInput, officer.phone.certify, "DECKWATCH-REQUEST:AAAA")
assert wrong.field == "request", wrong
answer = officer.at(begin + 110).certify(request)
wrong = refused(dw.MobileError.InvalidInput, mate.phone.enrol_on_board, FACTS["walker"])
assert wrong.field == "answer", wrong
other = Device(begin + 100)
other.phone.enrolment_request()
wrong = refused(dw.MobileError.InvalidInput, other.phone.enrol_on_board, answer)
assert wrong.field == "answer", wrong
mate.at(begin + 120).enrol_on_board(answer)
assert mate.phone.identity().vessel == FACTS["vessel"]
mate.phone.log_in_unchecked(12)
# The shore learns of it from the officer's phone, and then it answers the mate's.
officer.sync(begin + 130)
mate.sync(begin + 140)
assert mate.phone.plan().adopted == officer.phone.plan().adopted != []
assert refused(dw.MobileError.NotAllowed, mate.phone.certify, request).text

# The officer starts and scans the first point, the mate joins and scans the others.
[due] = [due for due in officer.phone.due() if due.id == FACTS["due"]]
now = due.opens + 300
refused(dw.MobileError.NoPatrol, officer.at(now).join_code)
officer.phone.start(dw.PatrolChoice.DUE(id=due.id))
officer.at(now + 10).scan_text(labels[0])
code = officer.phone.join_code()
assert refused(dw.MobileError.InvalidInput, officer.phone.join, code).field == "code"
assert refused(dw.MobileError.InvalidInput, mate.at(now + 20).join, labels[0]).field == "code"
status = mate.phone.join(code)
assert status.joined and status.due == due.id, status
assert [place.id for place in status.by_other] == [FACTS["points"][0]["id"]], status
assert status.next.id == FACTS["points"][1]["id"], status
for number, label in enumerate(labels[1:]):
    outcome = mate.at(now + 60 * (number + 1)).scan_text(label)
    assert isinstance(outcome, dw.ScanOutcome.TAKEN), outcome
assert mate.phone.status().left == []
mate.phone.end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
officer.at(mate.clock.now).end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)

for late in [3_600, 7_200]:
    mate.sync(FACTS["deadline"] + late)
    officer.sync(FACTS["deadline"] + late + 10)
assert mate.phone.sync_state().unsent == officer.phone.sync_state().unsent == 0
text = page(f"/patrols/{due.id}")
assert "done" in text and "missed" not in text, text

# The mate's phone is put away, and comes back where no link is: the officer's phone records that it is in use again.
vessel = f"/vessels/{FACTS['vessel']}"
mate.at(FACTS["deadline"] + 8_000).park(dw.ParkReason.NOT_IN_USE)
mate.sync(FACTS["deadline"] + 8_010)
assert "parked" in page(vessel)
mate.at(FACTS["deadline"] + 9_000).resume()
code = mate.phone.head_code()
assert refused(dw.MobileError.InvalidInput, mate.phone.see, code).field == "code"
wrong = refused(dw.MobileError.InvalidInput, officer.at(FACTS["deadline"] + 9_010).see, labels[0])
assert wrong.field == "code", wrong
officer.phone.see(code)
officer.sync(FACTS["deadline"] + 9_100)
assert "parked" not in page(vessel)
