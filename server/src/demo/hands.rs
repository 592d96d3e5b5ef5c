//! What several hands do at once on the demonstration's ships: a patrol walked by two phones, a phone
//! enrolled on board, a plan edited on both sides while apart, an incident that is amended.

use deckwatch_core::{
    entropy::SeededEntropy,
    model::{CheckpointId, CrewNo, PageSubject},
    page::{Answer, Draft, On},
    plan::{Check, CheckKind, DuePatrol},
};

use super::{
    DemoError,
    phone::{PhoneClock, SimulatedPhone},
    seed::{Past, Seeded, leg, link, tag_at},
};

/// The second patroller's roster number.
const MATE: u32 = 12;
/// The item of the checklist that the officer adds.
const ITEM: &str = "bearing_1";

/// The officer enrols the mate's phone: two codes, no shore.
pub(super) fn enrol_on_board(
    past: &Past<'_>,
    seeded: &mut Seeded,
    at: i64,
) -> Result<(), DemoError> {
    let folder = past.folder.join(format!("{}-{MATE}", seeded.vessel));
    std::fs::create_dir_all(&folder)?;
    let seed = past.seed * 7_000 + u64::from(MATE);
    let clock = PhoneClock::new((at - 3_600) * 1_000, &mut SeededEntropy::new(seed));
    let mut mate = SimulatedPhone::open(&folder, seed, clock, at * 1_000)?;
    let request = mate.phone.enrolment_request().map_err(DemoError::hands)?;
    let reading = seeded.officer.clock.read(at * 1_000);
    let answer = seeded.officer.phone.certify(&request, &reading).map_err(DemoError::hands)?;
    let reading = clock.read((at + 20) * 1_000);
    mate.phone.enrol_on_board(&answer, &reading).map_err(DemoError::hands)?;
    let person = deckwatch_core::record::PersonPart { crew: CrewNo(MATE), grade: 1, how: 1 };
    mate.phone.login(person, &clock.read((at + 30) * 1_000))?;
    link(past, &mut seeded.officer, at + 600)?;
    link(past, &mut mate, at + 620)?;
    link(past, &mut mate, at + 640)?;
    seeded.mates.push(mate);
    Ok(())
}

/// Two phones share a round: the mate joins by the code on the walker's phone and takes every second
/// point.
pub(super) fn walk_together(
    seeded: &mut Seeded,
    due: &DuePatrol,
    start: i64,
) -> Result<(), DemoError> {
    let Some(mate) = seeded.mates.first_mut() else { return Ok(()) };
    let walker = &mut seeded.walker;
    walker.phone.start(Some(due.id), None, &walker.clock.read(start * 1_000))?;
    let shown = walker.clock.read((start + 10) * 1_000);
    let code = walker.phone.join_code(&shown).map_err(DemoError::hands)?;
    let reading = mate.clock.read((start + 15) * 1_000);
    mate.phone.join(&code, &reading).map_err(DemoError::hands)?;
    let mut now = start + 30;
    for (index, point) in due.points.iter().enumerate() {
        now += leg(&mut seeded.entropy) / 2;
        let phone = if index % 2 == 0 { &mut *walker } else { &mut *mate };
        scan(phone, &seeded.plan, *point, now)?;
    }
    for phone in [walker, mate] {
        now += 40;
        phone.phone.end(1, 0, &phone.clock.read(now * 1_000))?;
    }
    Ok(())
}

fn scan(
    phone: &mut SimulatedPhone,
    plan: &deckwatch_core::plan::PlanContent,
    point: CheckpointId,
    now: i64,
) -> Result<(), DemoError> {
    let reading = phone.clock.read(now * 1_000);
    match tag_at(plan, point).and_then(|tag| phone.label(tag)) {
        Some(label) => drop(phone.phone.scan_text(&label, &reading)?),
        None => drop(phone.phone.scan_manual(point, 2, &reading)?),
    }
    Ok(())
}

/// The officer adds a checklist on board while the shore renames a place; the officer adopts what
/// comes of both.
pub(super) fn edit_apart(past: &Past<'_>, seeded: &mut Seeded, at: i64) -> Result<(), DemoError> {
    let officer = &mut seeded.officer;
    let mut aboard = officer.phone.plan().clone();
    let first = aboard.routes.values().find_map(|route| route.points.first());
    let Some(point) = first.copied() else { return Ok(()) };
    let check = Check {
        ask: "Temperature".into(),
        kind: CheckKind::Number,
        unit: "°C".into(),
        min_milli: None,
        max_milli: Some(45_000),
    };
    if let Some(place) = aboard.checkpoints.get_mut(&point) {
        place.checks.insert(ITEM.to_owned(), check);
    }
    officer.phone.edit_plan(&aboard, &officer.clock.read(at * 1_000)).map_err(DemoError::hands)?;
    past.clock.set(at + 60);
    let (mut ashore, _) = past.shore.plan(seeded.vessel)?;
    if let Some(place) = ashore.checkpoints.get_mut(&point) {
        place.deck = format!("{} (was renamed ashore)", place.deck);
    }
    past.shore.edit_plan(seeded.vessel, &ashore)?;
    link(past, officer, at + 3_600)?;
    let adopting = officer.clock.read((at + 3_700) * 1_000);
    officer.phone.adopt_plan(at + 3_700, &adopting)?;
    link(past, officer, at + 3_800)?;
    link(past, &mut seeded.walker, at + 3_820)?;
    seeded.plan = officer.phone.plan().clone();
    Ok(())
}

/// Smoke that turns out to be steam: an incident, its amendments, an answer outside its limits, and
/// the officer's word on it.
pub(super) fn incident(
    past: &Past<'_>,
    seeded: &mut Seeded,
    due: &DuePatrol,
    at: i64,
) -> Result<(), DemoError> {
    let subject = PageSubject::Due(due.id);
    let Some(point) = due.points.first().copied() else { return Ok(()) };
    let walker = &mut seeded.walker;
    let write = |phone: &mut SimulatedPhone, draft: &Draft, at: i64| {
        let reading = phone.clock.read(at * 1_000);
        phone.phone.write_page(subject, draft, &reading).map_err(DemoError::hands)
    };
    let answer = Answer::Milli(47_500);
    write(walker, &Draft::Answer { point, item: ITEM.to_owned(), answer }, at)?;
    let text = "Smoke seen at the far end.".to_owned();
    let incident = Draft::Incident { on: On::Point(point), claimed: at + 30, text };
    let incident = write(walker, &incident, at + 60)?.id;
    let amend = |text: &str| Draft::Amendment { incident: incident.clone(), text: text.to_owned() };
    write(walker, &amend("It was steam from the laundry vent."), at + 600)?;
    let text = "Vent flap does not close.".to_owned();
    write(walker, &Draft::Defect { on: On::Point(point), text }, at + 660)?;
    write(&mut seeded.officer, &amend("Seen by the officer; no damage."), at + 1_200)?;
    let text = "Keep an eye on the vent until it is mended.".to_owned();
    write(&mut seeded.officer, &Draft::Handover { text }, at + 1_260)?;
    for (phone, step) in [(&mut seeded.walker, 1_800), (&mut seeded.officer, 1_820)] {
        link(past, phone, at + step)?;
    }
    Ok(())
}
