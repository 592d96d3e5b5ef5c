//! Several hands on one patrol, and phones that come and go: real phones, real HTTP, every order of
//! sync.

mod enrolled;
mod rotated;
mod together;

use std::collections::BTreeSet;

use deckwatch::{
    demo::{
        phone::{PhoneClock, SimulatedPhone},
        seed::tag_at,
    },
    store::{ReadTx, reading},
};
use deckwatch_core::{
    entropy::SeededEntropy,
    model::{CrewNo, DeviceId},
    plan::DuePatrol,
    record::PersonPart,
    time::ClockReading,
};
use deckwatch_tests::{TestShore, TestVessel};

/// What the shore says of a due patrol.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    verdict: String,
    why: String,
    findings: Vec<String>,
    /// The places visited, by id.
    visited: BTreeSet<String>,
    held_back_by: Vec<String>,
}

impl Said {
    /// What must be the same whatever came first: all but the sentence, which tells times.
    fn outcome(&self) -> (&str, &[String], &BTreeSet<String>, &[String]) {
        (&self.verdict, &self.findings, &self.visited, &self.held_back_by)
    }
}

fn said(shore: &TestShore, due: &DuePatrol) -> Said {
    let row = |tx: &dyn ReadTx| tx.due_patrol(due.id);
    let row = reading(shore.shore.store(), row).unwrap().expect("it is assessed");
    let body: serde_json::Value = serde_json::from_str(&row.body).unwrap();
    let assessed = &body["assessed"];
    let texts = |list: &serde_json::Value, field: &str| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|item| item[field].as_str().unwrap().to_owned()).collect()
    };
    Said {
        verdict: row.verdict,
        why: assessed["why"].as_str().unwrap().to_owned(),
        findings: texts(&assessed["findings"], "code"),
        visited: texts(&assessed["visited"], "checkpoint").into_iter().collect(),
        held_back_by: texts(&assessed["held_back_by"], "dev"),
    }
}

/// The same as of `now`.
fn said_at(shore: &TestShore, ship: &TestVessel, due: &DuePatrol, now: i64) -> Said {
    shore.clock.set(now);
    shore.shore.reassess(ship.vessel).unwrap();
    said(shore, due)
}

fn at(phone: &SimulatedPhone, now: i64) -> ClockReading {
    phone.clock.read(now * 1_000)
}

/// Scans the points `which` of the route, one a minute from `start`.
fn scan(
    phone: &mut SimulatedPhone,
    ship: &TestVessel,
    due: &DuePatrol,
    which: impl IntoIterator<Item = usize>,
    start: i64,
) -> i64 {
    let mut now = start;
    for index in which {
        let label = phone.label(tag_at(&ship.plan, due.points[index]).unwrap()).unwrap();
        phone.phone.scan_text(&label, &at(phone, now)).unwrap();
        now += 60;
    }
    now
}

fn start(phone: &mut SimulatedPhone, due: &DuePatrol, now: i64) {
    phone.phone.start(Some(due.id), None, &at(phone, now)).unwrap();
}

/// The second phone reads what the first one shows.
fn join(second: &mut SimulatedPhone, first: &SimulatedPhone, now: i64) {
    let code = first.phone.join_code(&at(first, now)).unwrap();
    second.phone.join(&code, &at(second, now + 5)).unwrap();
}

fn end(phone: &mut SimulatedPhone, now: i64) {
    phone.phone.end(1, 0, &at(phone, now)).unwrap();
}

/// The app is closed, or the battery taken out and put back, at `now`.
fn restarted(shore: &TestShore, phone: SimulatedPhone, crew: u32, now: i64) -> SimulatedPhone {
    let clock = phone.clock;
    drop(phone);
    let folder = shore.phone_folder(crew);
    SimulatedPhone::open(&folder, 900 + u64::from(crew), clock, now * 1_000).unwrap()
}

/// A phone out of its box, which belongs to no ship.
fn unboxed(shore: &TestShore, crew: u32, now: i64) -> SimulatedPhone {
    let folder = shore.phone_folder(crew);
    std::fs::create_dir_all(&folder).unwrap();
    let clock = PhoneClock::new((now - 3_600) * 1_000, &mut SeededEntropy::new(u64::from(crew)));
    SimulatedPhone::open(&folder, u64::from(crew), clock, now * 1_000).unwrap()
}

fn log_in(phone: &mut SimulatedPhone, crew: u32, now: i64) {
    let person = PersonPart { crew: CrewNo(crew), grade: 1, how: 1 };
    phone.phone.login(person, &at(phone, now)).unwrap();
}

fn short(device: DeviceId) -> String {
    device.to_string()[..8].to_owned()
}
