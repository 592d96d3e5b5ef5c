//! The command line, run as its user runs it.

mod audit;
mod backup;
mod doctor;
mod ledger;
mod plan;
mod secrets;
mod tags;
mod terminal;
mod tls;
mod witness;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn deckwatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch-program"));
    command.env("RUST_LOG", "warn");
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    deckwatch().args(arguments).arg("--data").arg(data).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A program that serves; ended when dropped.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        Self::of(deckwatch().args(arguments).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// A program that has been started, with its output as a pipe.
    fn of(mut child: Child) -> Self {
        let out = BufReader::new(child.stdout.take().unwrap());
        let address = out
            .lines()
            .map(|line| line.unwrap())
            .find_map(|line| {
                line.split("://").nth(1).map(|rest| rest.split('/').next().unwrap().to_owned())
            })
            .expect("it prints its address");
        Self { child, address }
    }

    fn get(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address);
        ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // As a service manager ends it, so that it tidies up after itself.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

#[test]
fn pages_are_shown_under_the_names_that_serve_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let names = ["--host", "Shore.example", "--host", "shore.lan"];
    let start = ["serve", "--listen", "127.0.0.1:0", "--data", data];
    let serving = Serving::start(&[&start[..], &names[..]].concat());
    let status = |path: &str, host: &str| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("http://{}{path}", serving.address);
        agent.get(&url).header("host", host).call().unwrap().status().as_u16()
    };
    for own in ["shore.example", "shore.lan:443", "localhost:1", "192.0.2.7"] {
        assert_eq!(status("/", own), 200, "{own}");
    }
    assert_eq!((status("/", "evil.example"), status("/healthz", "evil.example")), (421, 200));
    let wrong = run(folder.path(), &["serve", "--host", "https://shore.example"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && said.contains("such as shore.example"), "{said}");
}

/// A page without its tags.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_demonstration_shows_which_ship_did_not_patrol_and_why() {
    let demo = Serving::start(&["demo", "--listen", "127.0.0.1:0", "--days", "6", "--no-live"]);
    assert!(demo.get("/healthz").contains("\"ok\""));
    let fleet = words(&demo.get("/"));
    for expected in
        ["MV Dunlin 1 patrol missed", "MV Bering Light Silent for 4 d", "missed", "awaiting sync"]
    {
        assert!(fleet.contains(expected), "{expected:?} is not on: {fleet}");
    }
    let flags = demo.get("/flags");
    let text = words(&flags);
    for expected in
        ["MV Castor", "Not visited: Cabins, starboard passage.", "MV Fairwater", "Out of place"]
    {
        assert!(text.contains(expected), "{expected:?} is not on: {text}");
    }
    // From a flag to the records that show it.
    let link = flags.split("href=\"/patrols/").nth(1).unwrap().split('"').next().unwrap();
    let patrol = words(&demo.get(&format!("/patrols/{link}")));
    assert!(patrol.contains("It cannot show that it was true when made"), "{patrol}");
    // Several hands: two phones on one patrol, one of them enrolled on board; a plan edited on both
    // sides; an incident with its amendments.
    let ship = |name: &str| {
        let fleet = demo.get("/");
        let links = fleet.split("href=\"/vessels/").skip(1).map(|rest| rest[..32].to_owned());
        let mut vessels =
            links.filter(|id| words(&demo.get(&format!("/vessels/{id}"))).contains(name));
        vessels.next().unwrap()
    };
    let patrols = |vessel: &str| {
        let days = demo.get(&format!("/vessels/{vessel}"));
        let links = days.split("href=\"/patrols/").skip(1).map(|rest| rest[..32].to_owned());
        links.collect::<std::collections::BTreeSet<String>>()
    };
    let shown = |vessel: &str, expected: &[&str]| {
        patrols(vessel).iter().any(|patrol| {
            let page = words(&demo.get(&format!("/patrols/{patrol}")));
            expected.iter().all(|it| page.contains(it))
        })
    };
    let aurelia = ship("MV Aurelia");
    let together = ["crew 11", "crew 12", "enrolled on board", "all 10 points were visited"];
    assert!(shown(&aurelia, &together), "two phones on one patrol");
    let castor = ship("MV Castor");
    let amended = [
        "Smoke seen at the far end.",
        "It was steam from the laundry vent.",
        "Seen by the officer; no damage.",
        "47.5 °C",
        "outside its limits (at most 45 °C)",
        "ship security officer",
    ];
    assert!(shown(&castor, &amended), "an incident with its amendments");
    let plan = words(&demo.get(&format!("/vessels/{castor}/plan")));
    assert!(plan.contains("Temperature") && plan.contains("was renamed ashore"), "{plan}");
    let parked = demo.get("/").split("href=\"/vessels/").skip(1).any(|rest| {
        let page = words(&demo.get(&format!("/vessels/{}", &rest[..32])));
        page.contains("MV Esperance") && page.contains("parked")
    });
    assert!(parked, "the phone that was put away is shown as parked");
    let vessel = demo.get("/").split("href=\"/vessels/").nth(1).unwrap()[..32].to_owned();
    assert!(words(&demo.get(&format!("/vessels/{vessel}"))).contains("Data complete to"));
}

#[test]
fn live_phones_go_on_patrolling() {
    let demo = Serving::start(&["demo", "--listen", "127.0.0.1:0", "--days", "5"]);
    let fleet = demo.get("/");
    assert!(words(&fleet).contains("MV Esperance"));
    let vessels: std::collections::BTreeSet<&str> =
        fleet.split("href=\"/vessels/").skip(1).map(|rest| &rest[..32]).collect();
    // How far the shore holds every phone's records, of all ships together.
    let held = || -> u64 {
        let of = |vessel: &&str| words(&demo.get(&format!("/vessels/{vessel}")));
        let seqs = |page: String| -> u64 {
            page.split("seq ")
                .skip(1)
                .filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok())
                .sum()
        };
        vessels.iter().map(|vessel| seqs(of(vessel))).sum()
    };
    let before = held();
    // A fact that comes in real time: the phones walk, and use their link every twenty seconds.
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let grew = (0..60).any(|_| {
        let _ = never.recv_timeout(std::time::Duration::from_secs(2));
        held() > before
    });
    assert!(grew, "no phone brought anything within two minutes");
}

const PLAN: &str = r#"
ship_time = [{ from = 0, minutes = 60 }]
[[checkpoint]]
name = "Paint locker"
deck = "Main deck"
[[checkpoint]]
name = "Gangway"
[[route]]
name = "Full round"
walk = "ordered"
points = ["Paint locker", "Gangway"]
[[schedule]]
name = "Rounds"
route = "Full round"
times = ["02:00", "14:00"]
window_minutes = 90
start_within_minutes = 45
grace_minutes = 15
"#;

#[test]
fn a_shore_from_nothing_to_labels_and_an_invitation() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(said(&run(&data, &["vessel", "list"])).contains("deckwatch vessel add"));
    let id = said(&run(&data, &["vessel", "add", "MV Test"])).trim().to_owned();
    assert!(refused(&run(&data, &["vessel", "add", "MV Test"])).contains("already"));
    assert!(said(&run(&data, &["vessel", "list"])).contains(&id));
    assert!(refused(&run(&data, &["labels", "MV Test"])).contains("plan import"));

    let file = folder.path().join("plan.toml");
    std::fs::write(&file, PLAN).unwrap();
    let file = file.to_str().unwrap();
    let preview = said(&run(&data, &["plan", "import", "MV Test", file]));
    assert!(
        preview.contains("+ checkpoint Paint locker") && preview.contains("--yes"),
        "{preview}"
    );
    assert!(!said(&run(&data, &["plan", "show", "MV Test"])).contains("Paint locker"));
    said(&run(&data, &["plan", "import", "MV Test", file, "--yes"]));
    assert!(said(&run(&data, &["plan", "show", &id])).contains("Paint locker"));
    assert!(said(&run(&data, &["plan", "import", &id, file])).contains("nothing differs"));

    let out = folder.path().join("labels");
    let written = said(&run(&data, &["labels", "MV Test", "--out", out.to_str().unwrap()]));
    let svg = std::fs::read_to_string(written.trim()).unwrap();
    assert!(svg.contains("Paint") && svg.contains("MV Test"));

    let invitation = said(&run(&data, &["enrol", "MV Test", "--role", "officer"]));
    let text = invitation.lines().find(|line| line.starts_with("DECKWATCH-ENROL:")).unwrap();
    let enrolment = deckwatch_core::record::Enrolment::from_text(text).unwrap();
    assert_eq!(enrolment.vessel.to_string(), id);

    assert!(said(&run(&data, &["rebuild"])).contains("all identical"));
    assert!(refused(&run(&data, &["enrol", "MV Nobody"])).contains("deckwatch vessel list"));
    std::fs::write(file, PLAN.replace("02:00", "26:00")).unwrap();
    assert!(refused(&run(&data, &["plan", "import", "MV Test", file])).contains("time of day"));
}

#[test]
fn a_database_of_a_newer_version_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    said(&run(folder.path(), &["vessel", "add", "MV Test"]));
    let database = folder.path().join("deckwatch.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let error = refused(&run(folder.path(), &["vessel", "list"]));
    assert!(error.contains("newer") || error.contains("999"), "{error}");
}

#[test]
fn a_served_shore_takes_a_phone_and_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    said(&run(&data, &["vessel", "add", "MV Test"]));
    let file = folder.path().join("plan.toml");
    std::fs::write(&file, PLAN).unwrap();
    said(&run(&data, &["plan", "import", "MV Test", file.to_str().unwrap(), "--yes"]));
    let invitation = said(&run(&data, &["enrol", "MV Test"]));
    let text = invitation.lines().find(|line| line.starts_with("DECKWATCH-ENROL:")).unwrap();
    let enrolment = deckwatch_core::record::Enrolment::from_text(text).unwrap();
    let serving =
        Serving::start(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    let now = deckwatch::clock::Clock::now(&deckwatch::clock::SystemClock) * 1_000;
    let mut phone = deckwatch::demo::phone::SimulatedPhone::enrol(
        folder.path(),
        3,
        &enrolment,
        deckwatch_core::model::CrewNo(4),
        now,
    )
    .unwrap();
    let outcome = phone.sync(&serving.address, now + 20_000).unwrap();
    assert!(outcome.receipted_seq.is_some() && outcome.new_changes > 0, "{outcome:?}");
    assert_eq!(phone.phone.plan().checkpoints.len(), 2);
    let page = words(&serving.get(&format!("/vessels/{}", enrolment.vessel)));
    assert!(page.contains(&phone.phone.device().to_string()[..8]), "{page}");
}
