"""The main job on a phone, in another language: enrol, adopt, walk with a camera, sync, and look at
the shore's page. `story.py FACTS`"""

import deckwatch as dw
from ground import FACTS, Device, frame, page

begin = FACTS["begin"]


officer, walker = Device(begin), Device(begin)
assert walker.phone.opened() == dw.Opened.NEW()
for device, invitation, crew in [(officer, "officer", 2), (walker, "walker", 11)]:
    device.phone.enrol(FACTS[invitation])
    device.at(begin + 10).log_in_unchecked(crew)
    identity = device.phone.identity()
    assert identity.person.crew == crew and identity.vessel == FACTS["vessel"], identity
    assert identity.vessel_name is None and not identity.roles.crew, identity

# The certificate and the plan come with the first sync; the plan takes force when the officer says so.
outcome = officer.sync(begin + 60)
assert outcome.plan_to_adopt and outcome.problems == [], outcome
# The shore's ledger is remembered from the first sync on, and only grows.
assert isinstance(outcome.ledger, dw.LedgerCheck.CONSISTENT) and outcome.ledger.leaves > 2, outcome
assert officer.phone.ledger_evidence() is None and "before" in outcome.ledger_text, outcome
assert officer.phone.identity().roles == dw.Roles(crew=True, officer=True, hub=False)
walker.sync(begin + 70)
assert walker.phone.plan().adopted == []
officer.at(begin + 120).adopt_plan(begin + 120)
officer.sync(begin + 130)
leaves, outcome = outcome.ledger.leaves, walker.sync(begin + 140)
assert not outcome.plan_to_adopt and outcome.ledger.leaves > leaves, outcome
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

# What is written on the way, and corrected.
about = dw.PageSubject.DUE(id=due.id)
on = dw.WrittenOn.POINT(id=FACTS["points"][2]["id"])
remark = walker.phone.write(about, dw.PageDraft.REMARK(on=on, text="Door was found open."))
walker.phone.write(about, dw.PageDraft.HANDOVER(text="Watch the bilge."))
draft = dw.PageDraft.CORRECT(kind=dw.WritingKind.REMARK, id=remark, text="Door was open, now shut.")
assert walker.phone.write(about, draft) is None
assert walker.phone.sync_state().unsent_changes == 3

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
assert after.unsent_changes == 0, after
assert after.unsent == 0 and after.receipt.seq > before.last_seq, after
assert after.receipt.time == FACTS["deadline"] + 7_200, after

# The officer's phone has read what was written, with its author and what stood there before.
read = officer.phone.page(about)
assert not read.closed and read.unknown == []
assert [writing.kind for writing in read.writings] == [dw.WritingKind.REMARK, dw.WritingKind.HANDOVER]
written = read.writings[0]
assert (written.id, written.crew, written.device) == (remark, 11, walker.phone.identity().device)
[words] = [field for field in written.fields if field.name == "text"]
assert words.value == dw.PageValue.WORDS(text="Door was open, now shut."), words
assert [(version.value.text, version.stands) for version in words.versions] == [
    ("Door was found open.", False), ("Door was open, now shut.", True)], words
officer.phone.write(about, dw.PageDraft.CLOSE())
assert officer.phone.page(about).closed

text = page(f"/patrols/{due.id}")
assert "done" in text, text
assert "missed" not in text and "irregular" not in text, text
