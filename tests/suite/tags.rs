//! Tags and displays with keys, from the writer's desk to the page of the patrol.

use deckwatch::{
    demo::{fleet::SHIPS, phone::SimulatedPhone, seed::tag_at},
    tags::{
        Keyed, TagError,
        disclose::Retired,
        key_file::TagKeyError,
        provision::{Hanging, TagSecrets, Wish},
    },
};
use deckwatch_core::{
    model::{CheckpointId, Level, TagId, TagUid},
    phone::ScanOutcome,
    plan::DuePatrol,
    presence::{label::Label, sun_template::SunTemplate},
    record::{Body, Chain},
};
use deckwatch_tests::{
    BEGIN, DAY, TestShore, TestVessel,
    tag::{Offsets, Tag, cmac, diversified, hex},
};

const UID: [u8; 7] = [4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40];
const DISPLAY: TagId = TagId([0xd1; 16]);

fn wish(ship: &TestVessel, point: CheckpointId, hanging: Hanging, level: Level) -> Wish {
    let host = "dw.example".to_owned();
    let checkpoint = point.to_string();
    Wish { vessel: ship.vessel, checkpoint, hanging, host, min_level: Some(level) }
}

fn offsets(template: &SunTemplate) -> Offsets {
    Offsets {
        uid: template.uid_offset,
        counter: template.counter_offset,
        mac_input: template.mac_input_offset,
        mac: template.mac_offset,
    }
}

/// A tag as the writer leaves it.
fn provision(shore: &TestShore, ship: &TestVessel, uid: [u8; 7], point: CheckpointId) -> Tag {
    let hanging = Hanging::Signing { uid: uid.into(), bound: false };
    let wish = wish(ship, point, hanging, Level::L4);
    let (proposal, secrets) = shore.shore.provision_tag(&wish).unwrap();
    let Some(TagSecrets::Nfc(keys)) = secrets else { panic!() };
    let template = proposal.template.unwrap();
    Tag::written(uid, *keys[2].expose(), template.file(), offsets(&template))
}

/// A ship whose first point has a signing tag, the second a plain one, and the third a display.
struct Scene {
    shore: TestShore,
    ship: TestVessel,
    officer: SimulatedPhone,
    walker: SimulatedPhone,
    due: Vec<DuePatrol>,
    tag: Tag,
    secret: [u8; 32],
}

impl Scene {
    fn new() -> Self {
        let shore = TestShore::start();
        let mut ship = shore.commission(&SHIPS[0], 7);
        let due = ship.due(BEGIN + 3_600, BEGIN + 3 * DAY);
        let points = due[0].points.clone();
        let tag = provision(&shore, &ship, UID, points[0]);
        let plain = wish(&ship, points[1], Hanging::Plain(TagUid::from([9; 7])), Level::L2);
        assert!(shore.shore.provision_tag(&plain).unwrap().1.is_none(), "it has no keys");
        let display = wish(&ship, points[2], Hanging::Display(DISPLAY), Level::L3);
        let Some(TagSecrets::Display(secret)) = shore.shore.provision_tag(&display).unwrap().1
        else {
            panic!()
        };
        ship.plan = shore.shore.plan(ship.vessel).unwrap().0;
        let (officer, walker) = shore.crewed(&ship, BEGIN);
        Self { shore, ship, officer, walker, due, tag, secret: *secret.expose() }
    }

    /// Walks one patrol: `message` is what the phone reads at the first point.
    fn walk(&mut self, number: usize, message: &[u8]) -> ScanOutcome {
        let due = self.due[number].clone();
        let phone = &mut self.walker;
        let mut now = due.opens + 300;
        let reading = phone.clock.read(now * 1_000);
        phone.phone.start(Some(due.id), None, &reading).unwrap();
        let mut told = None;
        for (index, point) in due.points.iter().enumerate() {
            now += 60;
            let reading = phone.clock.read(now * 1_000);
            let outcome = match index {
                0 => phone.phone.scan_nfc(Some(&self.tag.uid), message, &reading),
                1 => phone.phone.scan_nfc(Some(&[9; 7]), &[], &reading),
                2 => {
                    let code = code_at(&self.secret, now);
                    let shown = Label::new(self.ship.vessel, DISPLAY).showing(code);
                    phone.phone.scan_text(&shown.payload("dw.example").unwrap(), &reading)
                }
                _ => {
                    let label = phone.label(tag_at(&self.ship.plan, *point).unwrap()).unwrap();
                    phone.phone.scan_text(&label, &reading)
                }
            };
            told.get_or_insert(outcome.unwrap());
        }
        let reading = phone.clock.read((now + 30) * 1_000);
        phone.phone.end(1, 0, &reading).unwrap();
        told.unwrap()
    }

    /// Both phones sync twice, so that every time is bounded on both sides.
    fn sync(&mut self, at: i64) {
        for at in [at, at + 3_600] {
            self.shore.sync(&mut self.walker, at);
            self.shore.sync(&mut self.officer, at + 10);
        }
    }

    fn page(&self, number: usize) -> String {
        let html = self.shore.get(&format!("/patrols/{}", self.due[number].id));
        words(&html)
    }

    /// The results of all checks, in the order in which the shore wrote them.
    fn checks(&self) -> Vec<u64> {
        let results = |held: &deckwatch::shore::Held| {
            let root = held.authority().root();
            let entries = held.chain(root).into_iter().flat_map(Chain::all);
            let checks = entries.filter_map(|entry| match entry.body() {
                Some(Body::TagCheck { result, .. }) => Some(*result),
                _ => None,
            });
            checks.collect()
        };
        self.shore.shore.reading_held(self.ship.vessel, results).unwrap()
    }
}

/// RFC 6238 with HMAC-SHA-256 and 8 digits, as a display has it.
fn code_at(secret: &[u8; 32], time: i64) -> u32 {
    use deckwatch_core::model::Hash;
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(secret).for_each(|(to, from)| *to ^= from);
        block
    };
    let inner = Hash::of(&[&pad(0x36)[..], &(time / 30).to_be_bytes()].concat());
    let code = Hash::of(&[&pad(0x5c)[..], &inner.0].concat()).0;
    let at = usize::from(code[31] & 15);
    let four: [u8; 4] = code[at..at + 4].try_into().unwrap();
    (u32::from_be_bytes(four) & 0x7fff_ffff) % 100_000_000
}

/// A page without its tags.
fn words(html: &str) -> String {
    let mut text = String::new();
    for (index, part) in html.split('<').enumerate() {
        let shown =
            if index == 0 { part } else { part.split_once('>').map_or("", |(_, rest)| rest) };
        text.push_str(shown);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_walk_with_genuine_tags_is_done_and_its_page_shows_the_levels() {
    let mut scene = Scene::new();
    let message = scene.tag.tap();
    let told = scene.walk(0, &message);
    assert!(matches!(told, ScanOutcome::Taken { .. }), "{told:?}");
    let end = scene.due[0].deadline() + 600;
    scene.shore.sync(&mut scene.walker, end);
    assert_eq!(scene.checks(), [1, 1], "in the sync that brought them");
    scene.sync(end + 3_600);
    assert_eq!(scene.checks(), [1, 1], "once");
    let page = scene.page(0);
    for shown in ["done", "✓ L4 checked", "NFC tag L2", "✓ L3 checked", "QR label L1"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // The checks reach the phones, like all the shore says.
    let held = scene.shore.shore.rebuild().unwrap();
    assert!(held.iter().all(deckwatch::projection::RebuiltVessel::is_identical));
}

#[test]
fn forged_replayed_and_harvested_messages_are_found() {
    let mut scene = Scene::new();
    let genuine = scene.tag.tap();
    scene.walk(0, &genuine);
    // A message with an invented MAC.
    let mut forged = scene.tag.tap();
    *forged.last_mut().unwrap() ^= 1;
    scene.walk(1, &forged);
    // The message of the first patrol once more.
    scene.walk(2, &genuine);
    let end = scene.due[2].deadline() + 600;
    scene.sync(end);
    assert!(scene.page(0).contains("✓ L4 checked"), "{}", scene.page(0));
    let page = scene.page(1);
    for shown in ["irregular", "✕ L0, check failed: not genuine", "L0 instead of L4"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let page = scene.page(2);
    for shown in ["irregular", "✕ L0, check failed: used again", "counter_replay"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }

    // Harvested by somebody with a reader of his own, and spent after the officer has read the tag.
    let harvested = scene.tag.tap();
    let canary = scene.tag.tap();
    let at = end + 2 * 3_600;
    let reading = scene.officer.clock.read(at * 1_000);
    scene.officer.phone.scan_nfc(Some(&UID), &canary, &reading).unwrap();
    scene.shore.sync(&mut scene.officer, at + 60);
    scene.shore.sync(&mut scene.walker, at + 120);
    let next = scene.due.iter().position(|due| due.opens > at + 300).unwrap();
    scene.walk(next, &harvested);
    scene.sync(scene.due[next].deadline() + 600);
    let page = scene.page(next);
    assert!(page.contains("✕ L0, check failed: used again or out of its time"), "{page}");
    let flags = words(&scene.shore.get("/flags"));
    assert!(flags.contains("used again, or kept and used later"), "{flags}");
}

/// The tag at the first point is replaced ashore while the ship is out of reach: what was scanned there before the ship adopted that is as good
/// as it was, and the old tag is worth nothing once it did.
#[test]
fn a_tag_that_was_replaced_ashore_counts_until_the_ship_knows() {
    let mut scene = Scene::new();
    let mut old = scene.tag.clone();
    let before = old.tap();
    scene.walk(0, &before);
    let next = provision(&scene.shore, &scene.ship, [4, 7, 7, 7, 7, 7, 7], scene.due[0].points[0]);
    let (mut plan, _) = scene.shore.shore.plan(scene.ship.vessel).unwrap();
    assert!(plan.nfc.remove(&UID.into()).is_some());
    scene.shore.shore.edit_plan(scene.ship.vessel, &plan).unwrap();
    let end = scene.due[0].deadline() + 600;
    scene.sync(end);
    assert_eq!(scene.checks()[0], 1, "genuine, whoever registered what meanwhile");
    let page = scene.page(0);
    assert!(page.contains("done") && page.contains("✓ L4 checked"), "{page}");

    let adopted = end + 2 * 3_600;
    let reading = scene.officer.clock.read(adopted * 1_000);
    scene.officer.phone.adopt_plan(adopted, &reading).unwrap();
    for at in [adopted + 60, adopted + 120] {
        scene.shore.sync(&mut scene.officer, at);
        scene.shore.sync(&mut scene.walker, at + 10);
    }
    let late = scene.due.iter().position(|due| due.opens > adopted + 600).unwrap();
    let told = scene.walk(late, &old.tap());
    assert_eq!(told, ScanOutcome::UnknownNfc { uid: UID.into() }, "the phone says so at once");
    scene.tag = next;
    let message = scene.tag.tap();
    scene.walk(late + 1, &message);
    scene.sync(scene.due[late + 1].deadline() + 600);
    assert!(scene.page(late).contains("irregular"), "{}", scene.page(late));
    let page = scene.page(late + 1);
    assert!(page.contains("done") && page.contains("✓ L4 checked"), "{page}");
}

#[test]
fn keys_that_come_late_and_tags_registered_late_are_checked_then() {
    let mut scene = Scene::new();
    let keys = scene.shore.shore.tag_keys().path(scene.ship.vessel);
    let aside = keys.with_extension("aside");
    std::fs::rename(&keys, &aside).unwrap();
    let message = scene.tag.tap();
    scene.walk(0, &message);
    // A tag that nobody has registered.
    let mut unknown = scene.tag.clone();
    unknown.uid = [4, 9, 9, 9, 9, 9, 9];
    let reading = scene.walker.clock.read((scene.due[0].deadline() + 60) * 1_000);
    let message = unknown.tap();
    let told = scene.walker.phone.scan_nfc(Some(&unknown.uid), &message, &reading).unwrap();
    assert_eq!(told, ScanOutcome::UnknownNfc { uid: unknown.uid.into() });
    let end = scene.due[0].deadline() + 600;
    scene.sync(end);
    assert_eq!(scene.checks(), [0; 0]);
    let page = scene.page(0);
    for shown in ["unverifiable", "… L4 claimed, not yet checked", "… L3 claimed, not yet checked"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    std::fs::rename(&aside, &keys).unwrap();
    let outcome = scene.shore.shore.check_tags(scene.ship.vessel).unwrap();
    assert_eq!((outcome.written, outcome.waiting), ([2, 0, 1, 0], 0));
    let page = scene.page(0);
    assert!(page.contains("done") && page.contains("✓ L4 checked"), "{page}");
    assert!(page.contains("revised") || page.contains("Revisions"), "{page}");

    // Registered now: what was read before is checked again, with the tag's own keys.
    let point = scene.due[0].points[3];
    let wish = wish(
        &scene.ship,
        point,
        Hanging::Signing { uid: unknown.uid.into(), bound: false },
        Level::L0,
    );
    scene.shore.shore.provision_tag(&wish).unwrap();
    let outcome = scene.shore.shore.check_tags(scene.ship.vessel).unwrap();
    assert_eq!(outcome.written, [0, 1, 0, 0], "it was written with another tag's key");
    assert_eq!(scene.shore.shore.check_tags(scene.ship.vessel).unwrap().total(), 0);
}

#[test]
fn a_tag_tells_its_own_place_wherever_it_is_carried() {
    let mut scene = Scene::new();
    let second =
        provision(&scene.shore, &scene.ship, [4, 1, 1, 1, 1, 1, 1], scene.due[0].points[3]);
    let at = scene.due[1].opens - 1_800;
    scene.shore.sync(&mut scene.officer, at);
    let reading = scene.officer.clock.read((at + 10) * 1_000);
    scene.officer.phone.adopt_plan(at + 10, &reading).unwrap();
    scene.shore.sync(&mut scene.officer, at + 20);
    scene.shore.sync(&mut scene.walker, at + 30);
    // The tag of the fourth point, where the first one is asked for.
    let mut second = second;
    let due = scene.due[1].clone();
    let reading = scene.walker.clock.read((due.opens + 60) * 1_000);
    scene.walker.phone.start(Some(due.id), None, &reading).unwrap();
    let message = second.tap();
    let told = scene.walker.phone.scan_nfc(Some(&second.uid), &message, &reading).unwrap();
    let ScanOutcome::Taken { checkpoint, .. } = told else { panic!("{told:?}") };
    assert_eq!(checkpoint, due.points[3]);
    // Its message, written to a tag that hangs somewhere else.
    let told = scene.walker.phone.scan_nfc(Some(&UID), &second.tap(), &reading).unwrap();
    assert_eq!(told, ScanOutcome::NotADeckwatchTag);
    let status = scene.walker.phone.status(&reading).unwrap();
    assert_eq!((status.visited, status.next), (vec![due.points[3]], Some(due.points[0])));
}

/// Experimental: level 5.
#[test]
fn a_bound_message_is_worth_level_5_after_its_own_record_alone() {
    let scene = &mut Scene::new();
    let hanging = Hanging::Signing { uid: UID.into(), bound: true };
    let wish = wish(&scene.ship, scene.due[0].points[0], hanging, Level::L5);
    let (proposal, secrets) = scene.shore.shore.provision_tag(&wish).unwrap();
    let (Some(TagSecrets::Nfc(keys)), Some(template)) = (secrets, proposal.template) else {
        panic!()
    };
    let mut tag = Tag::written(UID, *keys[2].expose(), template.file(), offsets(&template));
    let reading = scene.walker.clock.read((scene.due[0].opens + 60) * 1_000);
    let nonce = scene.walker.phone.nfc_nonce(&reading).unwrap();
    tag.write(template.nonce_offset.unwrap(), &hex(&nonce));
    let message = tag.tap();
    scene.walker.phone.scan_nfc(Some(&UID), &message, &reading).unwrap();
    scene.sync(scene.due[0].deadline() + 60);
    assert_eq!(scene.checks(), [1]);
    // On another phone it is bound to nothing there: worth the UID, and nothing to check.
    let reading = scene.officer.clock.read((scene.due[0].deadline() + 7_300) * 1_000);
    scene.officer.phone.scan_nfc(Some(&UID), &message, &reading).unwrap();
    scene.sync(scene.due[0].deadline() + 7_400);
    assert_eq!(scene.checks(), [1]);
}

#[test]
fn keys_are_rotated_retired_and_disclosed_and_prove_nothing_after_that() {
    let mut scene = Scene::new();
    let (shore, vessel) = (std::sync::Arc::clone(&scene.shore.shore), scene.ship.vessel);
    let master = shore.tag_keys().load(vessel).unwrap().unwrap().newest().unwrap().clone();
    let first = diversified(master.key.expose(), &UID, 2);
    // The writer's key is the one of the published formula.
    assert_eq!(cmac(&first, b"x"), cmac(&diversified(master.key.expose(), &UID, 2), b"x"));
    assert!(matches!(shore.disclose_tag_keys(vessel, None), Err(TagError::NothingRetired)));
    let used = Retired { tag: Keyed::Nfc(UID.into()), key_version: 1 };
    let refused = shore.disclose_tag_keys(vessel, Some(used)).unwrap_err();
    assert!(matches!(refused, TagError::InUse { version: 1, .. }), "{refused}");
    assert_eq!(shore.rotate_tag_keys(vessel).unwrap(), 2);
    assert!(matches!(shore.disclose_tag_keys(vessel, Some(used)), Err(TagError::InUse { .. })));

    // Read before it was written anew, and synced after that.
    let old = scene.tag.clone();
    let message = scene.tag.tap();
    scene.walk(0, &message);
    let mut tag = provision(&scene.shore, &scene.ship, UID, scene.due[0].points[0]);
    tag.counter = scene.tag.counter;
    scene.tag = tag;
    let message = scene.tag.tap();
    scene.walk(1, &message);
    scene.sync(scene.due[1].deadline() + 600);
    assert!(scene.page(0).contains("✓ L4 checked") && scene.page(1).contains("✓ L4 checked"));

    // An auditor gets the old key of this tag alone; the display goes on with its own.
    let shown = shore.disclose_tag_keys(vessel, None).unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].retired, shown[0].key.to_uppercase()), (used, hex(&first)));
    assert!(!format!("{shown:?}").contains(&shown[0].key));
    // Whoever knows it forges a message with a fresh counter.
    let mut forged = old;
    forged.counter = 500;
    let message = forged.tap();
    scene.walk(4, &message);
    scene.sync(scene.due[4].deadline() + 600);
    let page = scene.page(4);
    assert!(page.contains("✕ L0, check failed: key disclosed before the check"), "{page}");
}

#[test]
fn keys_that_others_can_read_stop_no_sync_and_check_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let mut scene = Scene::new();
    let keys = scene.shore.shore.tag_keys().path(scene.ship.vessel);
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let message = scene.tag.tap();
    scene.walk(0, &message);
    scene.sync(scene.due[0].deadline() + 600);
    assert_eq!(scene.checks(), [0; 0]);
    assert!(scene.page(0).contains("claimed, not yet checked"));
    let wish = wish(&scene.ship, scene.due[0].points[4], Hanging::Display(DISPLAY), Level::L0);
    let refused = scene.shore.shore.provision_tag(&wish).unwrap_err();
    assert!(matches!(refused, TagError::Keys(TagKeyError::Exposed { .. })), "{refused}");
}

#[test]
fn the_simulator_is_that_of_the_published_readings() {
    // RFC 4493, and the reading of AN12196 whose MAC covers nothing.
    let key = [
        0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
        0x3c,
    ];
    assert_eq!(hex(&cmac(&key, b"")), "BB1D6929E95937287FA37D129B756746");
    let uid = [4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40];
    let file = [&[0, 46][..], &[b'.'; 46]].concat();
    let offsets = Offsets { uid: 2, counter: 16, mac_input: 22, mac: 22 };
    let mut tag = Tag::written(uid, [0; 16], file, offsets);
    tag.counter = 60;
    let read = String::from_utf8(tag.tap()).unwrap();
    assert_eq!(read, "04DE5F1EACC04000003D94EED9EE65337086..........");
}
