//! The library as another language sees it: Python, through the code that UniFFI generates for it.
//!
//! The programs in `python/` get a shore that runs, invitations, and a camera's frames.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use deckwatch::demo::{fleet::SHIPS, seed::tag_at};
use deckwatch_bindgen::TargetLanguage;
use deckwatch_core::{
    authority::Roles,
    model::{TagId, VesselId},
    plan::check::{Check, CheckKind},
    presence::{
        frame::Luminance,
        label::Label,
        reading::{Effort, read_texts},
    },
    record::Enrolment,
};
use deckwatch_tests::{
    BEGIN, DAY, TestShore, TestVessel,
    camera::{FAMILIES, Family, HEIGHT, PLAIN, Picture, Symbol, WIDTH, dice_of, frame_showing},
};
use qrcode::EcLevel;
use serde_json::{Value, json};

use super::library;

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/suite/mobile/python");

/// The folder with the generated code and the library, made once.
fn generated() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        deckwatch_bindgen::generate(TargetLanguage::Python, &library(), folder.path()).unwrap();
        let name = library().file_name().unwrap().to_owned();
        fs::copy(library(), folder.path().join(name)).unwrap();
        folder
    });
    folder.path()
}

/// Runs a program of `python/`, and moves the shore's clock when it asks.
fn run(program: &str, shore: &TestShore, facts: &Value) {
    let path = shore.folder.path().join("facts.json");
    fs::write(&path, facts.to_string()).unwrap();
    let search = std::env::join_paths([generated(), Path::new(PROGRAMS)]).unwrap();
    let mut child = Command::new("python3")
        .arg("-B")
        .arg(Path::new(PROGRAMS).join(program))
        .arg(&path)
        .env("PYTHONPATH", search)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is needed: tests/run installs it");
    let mut answers = child.stdin.take().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut errors, &mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.strip_prefix("clock ") {
            Some(seconds) => {
                shore.clock.set(seconds.parse().unwrap());
                // A program that failed meanwhile reads no answer.
                let _ = answers.write_all(b"moved\n");
            }
            None => said.push_str(&format!("{line}\n")),
        }
    }
    let status = child.wait().unwrap();
    let errors = reader.join().unwrap();
    println!("{said}{errors}");
    assert!(status.success(), "{program}: {status}");
}

/// A camera's frames in a folder.
struct Camera(PathBuf);

impl Camera {
    fn new(shore: &TestShore) -> Self {
        let folder = shore.folder.path().join("frames");
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(format!("{name}.y")), bytes).unwrap();
    }

    /// A frame of the family that shows `text`: the first of a few that our reader reads, since a
    /// blurred one may be beyond it. That is measured elsewhere.
    fn take(&self, name: &str, family: &Family, text: &str, number: u64) {
        let symbol = Symbol::of(text, EcLevel::M);
        let bytes = (number..number + 20)
            .map(|number| frame_showing(family, &symbol, &mut dice_of(number)))
            .find(|bytes| {
                let frame = Luminance::new(WIDTH, HEIGHT, WIDTH, bytes).unwrap();
                let read = read_texts(&frame, Effort::Full);
                read.is_ok_and(|texts| texts == [text])
            });
        self.keep(name, &bytes.unwrap_or_else(|| panic!("{name}: no frame is readable")));
    }
}

/// What the programs need to know: a ship, its first due patrol, and two invitations.
fn facts(shore: &TestShore, ship: &TestVessel, camera: &Camera) -> Value {
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let text = |tag: TagId| Label::new(ship.vessel, tag).payload("DW.EXAMPLE").unwrap();
    let points: Vec<Value> = due
        .points
        .iter()
        .map(|point| {
            let name = ship.plan.checkpoint_name(*point);
            let label = text(tag_at(&ship.plan, *point).unwrap());
            let asked = ship.plan.checkpoints[point].checks.values().map(|check| &check.ask);
            let asked: Vec<_> = asked.collect();
            json!({ "id": point.to_string(), "name": name, "label": label, "asked": asked })
        })
        .collect();
    let mut wall = dice_of(1);
    camera.keep(
        "wall",
        &Picture::wall(WIDTH as usize, HEIGHT as usize, &mut wall).expose(&PLAIN, &mut wall),
    );
    camera.take("wifi", &PLAIN, "WIFI:S:bridge;T:WPA;P:secret;;", 3);
    let invite = |roles| Enrolment::to_text(&shore.invite(ship.vessel, roles));
    let stranger = Label::new(VesselId([9; 16]), TagId([9; 16]));
    json!({
        "address": shore.address.to_string(),
        "begin": BEGIN,
        "folder": shore.folder.path(),
        "frames": camera.0,
        "width": WIDTH,
        "height": HEIGHT,
        "officer": invite(Roles::CREW.and(Roles::OFFICER)),
        "walker": invite(Roles::CREW),
        "vessel": ship.vessel.to_string(),
        "vessel_name": ship.plan.vessel_name,
        "due": due.id.to_string(),
        "deadline": due.deadline(),
        "points": points,
        "unknown_label": text(TagId([0xee; 16])),
        "stranger_label": stranger.payload("DW.EXAMPLE").unwrap(),
    })
}

#[test]
fn a_patrol_from_the_camera_to_the_shores_page() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let camera = Camera::new(&shore);
    let facts = facts(&shore, &ship, &camera);
    let bad: Vec<&Family> = FAMILIES
        .iter()
        .filter(|family| ["turned", "blur", "uneven"].contains(&family.name))
        .collect();
    assert_eq!(bad.len(), 3);
    for (index, point) in facts["points"].as_array().unwrap().iter().enumerate() {
        let text = point["label"].as_str().unwrap();
        camera.take(&format!("point-{index}"), bad[index % 3], text, 100 * index as u64);
    }
    run("story.py", &shore, &facts);
}

#[test]
fn two_phones_on_one_patrol_one_of_them_enrolled_on_board() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let facts = facts(&shore, &ship, &Camera::new(&shore));
    run("together.py", &shore, &facts);
}

#[test]
fn who_holds_the_phone_is_checked_without_any_link() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let facts = facts(&shore, &ship, &Camera::new(&shore));
    run("known.py", &shore, &facts);
}

/// Puts questions to the first point of the first due patrol.
fn ask(shore: &TestShore, ship: &mut TestVessel) {
    let point = ship.due(BEGIN + 3_600, BEGIN + DAY)[0].points[0];
    let check = |ask: &str, kind| Check { ask: ask.to_owned(), kind, ..Check::default() };
    let checks = [
        ("closed", check("Is the door closed?", CheckKind::YesNo)),
        ("pressure", check("Pressure of the bottles", CheckKind::Number)),
    ];
    let asked = checks.map(|(item, check)| (item.to_owned(), check));
    ship.plan.checkpoints.get_mut(&point).unwrap().checks = asked.into();
    shore.shore.edit_plan(ship.vessel, &ship.plan).unwrap();
}

#[test]
fn what_goes_wrong_arrives_as_an_error_and_loses_nothing() {
    let shore = TestShore::start();
    let mut ship = shore.commission(&SHIPS[0], 1);
    ask(&shore, &mut ship);
    let camera = Camera::new(&shore);
    let mut facts = facts(&shore, &ship, &camera);
    camera.take("point-0", &PLAIN, facts["points"][0]["label"].as_str().unwrap(), 1);
    // An invitation for each phone of the tests.
    let invitations: Vec<String> =
        (0..40).map(|_| shore.invite(ship.vessel, Roles::CREW).to_text()).collect();
    facts["invitations"] = json!(invitations);
    run("edges.py", &shore, &facts);
}
