"""The main job on a phone, in another language: enrol, adopt, walk with a camera, sync, and look at
the shore's page. `story.py FACTS`"""

import deckwatch as dw
from ground import FACTS, Device, frame, page

begin = FACTS["begin"]


def pin(phone, crew):
    phone.unlock(crew, dw.IdentityGrade.I1, dw.UnlockedBy.PIN)


officer, walker = Device(begin), Device(begin)
assert walker.phone.opened() == dw.Opened.NEW()
for device, invitation, crew in [(officer, "officer", 2), (walker, "walker", 11)]:
    device.phone.enrol(FACTS[invitation])
    pin(device.at(begin + 10), crew)
    identity = device.phone.identity()
    assert identity.crew == crew and identity.vessel == FACTS["vessel"], identity
    assert identity.vessel_name is None and not identity.roles.crew, identity

# The certificate and the plan come with the first sync; the plan takes force when the officer says so.
outcome = officer.sync(begin + 60)
assert outcome.plan_to_adopt and outcome.problems == [], outcome
assert officer.phone.identity().roles == dw.Roles(crew=True, officer=True, hub=False)
walker.sync(begin + 70)
assert walker.phone.plan().adopted == []
officer.at(begin + 120).adopt_plan(begin + 120)
officer.sync(begin + 130)
assert not walker.sync(begin + 140).plan_to_adopt
plan = walker.phone.plan()
assert plan.adopted == officer.phone.plan().adopted != [] and not plan.plan_to_adopt
assert plan.vessel_name == FACTS["vessel_name"] == walker.phone.identity().vessel_name
assert plan.routes == len(walker.phone.routes()) > 0

# What is due, counted down.
[due] = [due for due in walker.phone.due() if due.id == FACTS["due"]]
assert due.state == dw.DueState.OPEN(), due
assert due.lateness == dw.Lateness.EARLY(opens_in=due.opens - (begin + 140)), due
assert due.points == len(FACTS["points"])

# The walk: labels that are turned, out of focus or badly lit.
now = due.opens + 300
status = walker.at(now).start(dw.PatrolChoice.DUE(id=due.id))
assert (status.number, status.due, status.total, status.visited) == (1, due.id, due.points, [])
assert status.lateness == dw.Lateness.IN_TIME(closes_in=due.closes - now), status
assert [due.state for due in walker.phone.due() if due.id == FACTS["due"]] == [dw.DueState.WALKING()]
for number, point in enumerate(FACTS["points"]):
    assert walker.phone.status().next.id == point["id"], walker.phone.status()
    now += 60
    outcome = walker.at(now).scan_frame(frame(f"point-{number}"), dw.Effort.THOROUGH())
    assert isinstance(outcome, dw.ScanOutcome.TAKEN), (number, outcome)
    assert (outcome.place.id, outcome.place.name) == (point["id"], point["name"]), outcome
    if number == 3:
        # The app is ended and started again in the middle of the walk.
        walker.phone = None
        walker.phone = walker.open()
        assert walker.phone.opened() == dw.Opened.RESUMED(tail_found=True)
again = walker.phone.scan_frame(frame("point-0"), dw.Effort.THOROUGH())
assert isinstance(again, dw.ScanOutcome.ALREADY), again
status = walker.at(now + 30).end(dw.EndHow.FINISHED, dw.EndReason.NOT_GIVEN)
assert status.left == [] and status.next is None and not status.out_of_order, status
assert [place.name for place in status.visited] == [point["name"] for point in FACTS["points"]]

# Nothing is ashore yet, and then all of it is.
before = walker.phone.sync_state()
assert before.unsent > 0 and before.receipt.seq < before.last_seq, before
for late in [3_600, 7_200]:
    walker.sync(FACTS["deadline"] + late)
    officer.sync(FACTS["deadline"] + late + 10)
after = walker.phone.sync_state()
assert after.unsent == 0 and after.receipt.seq > before.last_seq, after
assert after.receipt.time == FACTS["deadline"] + 7_200, after

text = page(f"/patrols/{due.id}")
assert "done" in text, text
assert "missed" not in text and "irregular" not in text, text
