//! The typed values behind the vectors: one chain with every kind, and the bodies by their names.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::{
    model::{CheckpointId, CrewNo, DeviceId, DocumentId, DueId, Hash, RouteId, TagId, VesselId},
    record::{
        Body, ContentPart, Continues, DeviceKey, Evidence, PersonPart, SoftwareKey, TimePart,
        device_id,
    },
};

/// One record before it is chained.
pub struct Example {
    pub name: &'static str,
    pub time: TimePart,
    pub person: PersonPart,
    pub content: ContentPart,
}

pub const VESSEL: VesselId = VesselId(*b"vessel vessel 01");
pub const DUE: DueId = DueId(*b"due patrol id 01");
const ROUTE: RouteId = RouteId(*b"route 01");
const TAG: TagId = TagId(*b"tag tag tag 0001");
const BOOTS: [[u8; 8]; 2] = [*b"boot one", *b"boot two"];
/// 2027-01-15 08:00 UTC in 0.1 s, where `mono` was 0.
const OFFSET: i64 = 18_000_000_000;

pub fn hex(bytes: impl AsRef<[u8]>) -> Value {
    Value::String(HEXLOWER.encode(bytes.as_ref()))
}

/// Some hash; what it is the hash of does not matter.
pub fn hash(of: &str) -> Hash {
    Hash::of(of.as_bytes())
}

fn secret(hex: &str) -> SoftwareKey {
    let secret = HEXLOWER.decode(hex.as_bytes()).unwrap();
    SoftwareKey::from_secret(secret.as_slice().try_into().unwrap()).unwrap()
}

/// RFC 6979 A.2.5. Published: never for anything but tests.
pub fn author() -> SoftwareKey {
    secret("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
}

/// RFC 7515 A.3. Published: never for anything but tests.
pub fn other() -> SoftwareKey {
    secret("8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2")
}

/// What the restored device says of its old chain, signed with the old key or not.
pub fn continues(signature: Option<[u8; 64]>) -> Continues {
    Continues {
        dev: device_id(&other().public_key()),
        held_seq: 40,
        held_head: hash("held head"),
        marker_seq: 57,
        marker_head: hash("marker head"),
        signature,
    }
}

pub fn genesis(continues: Option<Continues>) -> Body {
    let key = author().public_key();
    Body::Genesis { key, vessel: VESSEL, nonce: *b"enrolment nonce1", offset: OFFSET, continues }
}

/// A device's clocks and who is logged in, while its records are written.
struct Device {
    boot: usize,
    mono: u64,
    offset: i64,
    person: PersonPart,
    patrol: u64,
    written: Vec<Example>,
}

impl Device {
    /// The record of `body`, `later` tenths of a second after the one before.
    fn write(&mut self, name: &'static str, later: u64, body: Body) {
        self.mono += later;
        let wall = (self.offset + self.mono as i64).div_euclid(10) as u64;
        let time = TimePart { boot: BOOTS[self.boot], mono: self.mono, wall };
        let content = ContentPart { patrol: self.patrol, body };
        self.written.push(Example { name, time, person: self.person, content });
    }
}

/// One chain with every kind, every type of evidence, and both forms of what is optional.
pub fn chain() -> Vec<Example> {
    let person = PersonPart::NOBODY;
    let mut device =
        Device { boot: 0, mono: 1_000, offset: OFFSET, person, patrol: 0, written: vec![] };
    device.write("genesis", 0, genesis(None));
    device.person = PersonPart { crew: CrewNo(7), grade: 1, how: 1 };
    device.write("crew", 50, Body::Crew { action: 1 });
    device.write("alive", 0, Body::Alive);
    let heads = vec![hash("plan head 2"), hash("plan head 1")];
    device.write("plan_seen", 5, Body::PlanSeen { heads });
    patrol(&mut device);
    reboot(&mut device);
    device.patrol = 0;
    device.person = PersonPart { crew: CrewNo(u32::MAX), grade: 3, how: 3 };
    shore(&mut device);
    let raw = [&[0x83, 0x18, 0x64, 0x81, 0x80][..], &[0x63], b"new"].concat();
    device.write("unknown kind", 10, Body::Unknown { kind: 99, raw });
    device.written
}

fn patrol(device: &mut Device) {
    device.patrol = 1;
    let plan_heads = vec![hash("plan head 1")];
    let route = Some(ROUTE);
    let start = Body::PatrolStart { route, due: Some(DUE), supersedes: None, plan_heads };
    device.write("patrol_start", 600, start);
    let dev = device_id(&other().public_key());
    let head = hash("head of another device");
    device.write("seen", 3, Body::Seen { dev, seq: 12, head, via: 1 });
    device.write("join", 1, Body::Join { dev, patrol: 4, head, due: Some(DUE) });
    device.write("join without due", 1, Body::Join { dev, patrol: 5, head, due: None });
    let uid = *b"\x04taguid";
    let checkpoint = CheckpointId(*b"checkp01");
    let unknown = [&[0x83, 0x09, 0x18, 0x2a, 0x48][..], b"whatever"].concat();
    let mac = *b"mac mac ";
    for (name, evidence) in [
        ("scan type 0", Evidence::Manual { checkpoint, reason: 2 }),
        ("scan type 1", Evidence::Qr { tag: TAG }),
        ("scan type 2", Evidence::NfcUid { uid: uid.to_vec(), originality: None }),
        (
            "scan type 2 with originality",
            Evidence::NfcUid { uid: uid[..4].to_vec(), originality: Some(vec![0x5a; 32]) },
        ),
        ("scan type 3", Evidence::Rotating { tag: TAG, code: 42_017 }),
        ("scan type 4", Evidence::Sun { uid, counter: 305, mac, nonce_bound: false }),
        ("scan type 5", Evidence::Sun { uid, counter: 306, mac, nonce_bound: true }),
        ("scan of unknown type", Evidence::Unknown { number: 9, raw: unknown }),
    ] {
        device.write(name, 451, Body::Scan(evidence));
    }
    device.write("scan_failed", 20, Body::ScanFailed { evidence_type: 4, reason: 1 });
    device.write("note", 30, Body::Note { code: 2, blob: Some(hash("remark")) });
    let photo = Body::Attachment { hash: hash("photo"), size: 81_234, media: 1 };
    device.write("attachment", 30, photo);
    let step = Body::ClockStep { before: OFFSET, after: OFFSET - 36_005 };
    device.offset -= 36_005;
    device.write("clock_step", 100, step);
    device.write("alarm", 10, Body::Alarm { code: 4, subject: Some(hash("a record")) });
    device.write("alarm without subject", 0, Body::Alarm { code: 5, subject: None });
    let alarm = hash("the alarm's record");
    device.write("alarm_answer", 300, Body::AlarmAnswer { alarm, answer: 2 });
    device.write("patrol_end", 1_000, Body::PatrolEnd { how: 1, reason: 0 });
    let changes = vec![hash("change 2"), hash("change 1")];
    device.write("document", 5, Body::Document { kind: 2, id: DocumentId(DUE.0), changes });
}

fn reboot(device: &mut Device) {
    (device.boot, device.mono, device.patrol) = (1, 400, 0);
    device.offset = OFFSET + 90_000;
    device.write("boot", 0, Body::Boot { offset: device.offset });
    // A clock that went back: no short form fits.
    device.mono = 300;
    device.write("note without blob", 0, Body::Note { code: 3, blob: None });
    device.patrol = 2;
    let start =
        Body::PatrolStart { route: None, due: None, supersedes: Some(DUE), plan_heads: vec![] };
    device.write("patrol_start without plan", 10, start);
    device.write("patrol_end broken off", 77, Body::PatrolEnd { how: 2, reason: 1 });
    device.patrol = 0;
    device.write("park", 10, Body::Park { reason: 3 });
    device.write("resume", 864_000, Body::Resume);
}

/// Kinds that a shore, hub or officer writes. That one chain has all is for brevity.
fn shore(device: &mut Device) {
    let (time, subject) = (1_800_012_345, Some(hash("receipt")));
    device.write("anchor", 10, Body::Anchor { source: 1, time, eps: 20, subject });
    let early = Body::Anchor { source: 3, time: -86_400, eps: 300, subject: None };
    device.write("anchor without subject", 10, early);
    let mut heads = vec![hash("plan head 1"), hash("plan head 2")];
    heads.sort();
    device.write("plan_adopt", 10, Body::PlanAdopt { heads, effective_from: 1_800_100_000 });
    let record = hash("the scan's record");
    device.write("tag_check", 10, Body::TagCheck { record, result: 1, key_version: 3 });
    let (key, dev) = (other().public_key(), device_id(&other().public_key()));
    let certificate = |until, genesis| {
        let from = 1_800_000_000;
        Body::Certificate { key, vessel: VESSEL, roles: 3, from, until, genesis }
    };
    let all = certificate(Some(1_830_000_000), Some(hash("genesis")));
    device.write("certificate", 10, all);
    device.write("certificate without end", 10, certificate(None, None));
    device.write("rotate", 10, Body::Rotate { key });
    let lost = |last_seq| Body::Lost { dev, reported: 1_800_050_000, last_seq };
    device.write("lost", 10, lost(Some(311)));
    device.write("lost without seq", 10, lost(None));
    device.write("revoke", 10, Body::Revoke { dev, last_trusted_seq: 311, reason: 2 });
    device.write("erase", 10, Body::Erase { dev, from: 3, to: 311, parts: 6, reason: 1 });
    let paper = |due, photo| {
        let witness = CrewNo(12);
        Body::PaperEntry { due, claimed: 1_800_003_600, witness, photo, reason: 1 }
    };
    device.write("paper_entry", 10, paper(Some(DUE), Some(hash("photo of the page"))));
    device.write("paper_entry without photo", 10, paper(None, None));
    let ack = Body::Ack { origin: hash("origin"), size: 70_000, root: hash("root") };
    device.write("ack", 10, ack);
    let ledger = Body::Ledger { origin: "example.org/deckwatch".to_owned(), key: [7; 32] };
    device.write("ledger", 10, ledger);
}

/// Numbers at their ends.
pub fn extremes() -> Vec<Example> {
    let most = TimePart { boot: [255; 8], mono: u64::MAX, wall: u64::MAX };
    let person = PersonPart { crew: CrewNo(u32::MAX), grade: 3, how: u64::MAX };
    let example = |name, time, patrol, body| {
        let content = ContentPart { patrol, body };
        Example { name, time, person, content }
    };
    let (origin, root) = (Hash::ZERO, Hash([255; 32]));
    let steps = Body::ClockStep { before: i64::MIN, after: i64::MAX };
    let dev = DeviceId([0; 8]);
    let erase =
        Body::Erase { dev, from: 0, to: u64::MAX, parts: 23, reason: u64::from(u32::MAX) + 1 };
    let at = |mono, wall| TimePart { mono, wall, ..most };
    let ack = Body::Ack { origin, size: u64::MAX, root };
    let unknown = Body::Unknown { kind: u64::MAX, raw: vec![0x80] };
    vec![
        example("largest uint", most, u64::MAX, ack),
        // Steps of the clock that do not fit into 64 bits with a sign: no short form.
        example("largest and smallest int", at(u64::MAX, 0), 24, steps),
        example("widths of uint", at(u64::MAX, 1 << 63), 256, erase),
        // The largest steps that fit.
        example("largest step back", at(u64::MAX, 0), 65_536, Body::Alive),
        example("mono that went back", at(0, 0), 0, Body::Resume),
        example("largest step", at(u64::MAX, i64::MAX as u64), 0, unknown),
    ]
}

/// A body's fields by the names of FORMAT.md section 4.
pub fn fields(body: &Body) -> Value {
    let list = |hashes: &[Hash]| Value::Array(hashes.iter().map(|hash| hex(hash.0)).collect());
    match body {
        Body::Genesis { key, vessel, nonce, offset, continues } => json!({
            "key": hex(key), "vessel": vessel, "nonce": hex(nonce), "offset": offset,
            "continues": continues.as_ref().map(|old| json!({
                "dev": old.dev, "held_seq": old.held_seq, "held_head": old.held_head,
                "marker_seq": old.marker_seq, "marker_head": old.marker_head,
                "signature": old.signature.map(hex),
            })),
        }),
        Body::Alive | Body::Resume => json!({}),
        Body::Park { reason } => json!({ "reason": reason }),
        Body::Boot { offset } => json!({ "offset": offset }),
        Body::ClockStep { before, after } => json!({ "before": before, "after": after }),
        Body::Anchor { source, time, eps, subject } => {
            json!({ "source": source, "time": time, "eps": eps, "subject": subject })
        }
        Body::Crew { action } => json!({ "action": action }),
        Body::PatrolStart { route, due, supersedes, plan_heads } => json!({
            "route": route, "due": due, "supersedes": supersedes, "plan_heads": list(plan_heads),
        }),
        Body::Join { dev, patrol, head, due } => {
            json!({ "dev": dev, "patrol": patrol, "head": head, "due": due })
        }
        Body::Scan(evidence) => json!({ "evidence": evidence_fields(evidence) }),
        Body::ScanFailed { evidence_type, reason } => {
            json!({ "type": evidence_type, "reason": reason })
        }
        Body::PatrolEnd { how, reason } => json!({ "how": how, "reason": reason }),
        Body::Note { code, blob } => json!({ "code": code, "blob": blob }),
        Body::Seen { dev, seq, head, via } => {
            json!({ "dev": dev, "seq": seq, "head": head, "via": via })
        }
        Body::Document { kind, id, changes } => {
            json!({ "doc_kind": kind, "doc_id": id, "changes": list(changes) })
        }
        Body::PlanAdopt { heads, effective_from } => {
            json!({ "heads": list(heads), "effective_from": effective_from })
        }
        Body::PlanSeen { heads } => json!({ "heads": list(heads) }),
        _ => later_fields(body),
    }
}

fn later_fields(body: &Body) -> Value {
    match body {
        Body::TagCheck { record, result, key_version } => {
            json!({ "record": record, "result": result, "key_version": key_version })
        }
        Body::Attachment { hash, size, media } => {
            json!({ "hash": hash, "size": size, "media": media })
        }
        Body::Alarm { code, subject } => json!({ "code": code, "subject": subject }),
        Body::AlarmAnswer { alarm, answer } => json!({ "alarm": alarm, "answer": answer }),
        Body::Certificate { key, vessel, roles, from, until, genesis } => json!({
            "key": hex(key), "vessel": vessel, "roles": roles, "from": from, "until": until,
            "genesis": genesis,
        }),
        Body::Rotate { key } => json!({ "key": hex(key) }),
        Body::Lost { dev, reported, last_seq } => {
            json!({ "dev": dev, "reported": reported, "last_seq": last_seq })
        }
        Body::Revoke { dev, last_trusted_seq, reason } => {
            json!({ "dev": dev, "last_trusted_seq": last_trusted_seq, "reason": reason })
        }
        Body::Erase { dev, from, to, parts, reason } => {
            json!({ "dev": dev, "from": from, "to": to, "parts": parts, "reason": reason })
        }
        Body::PaperEntry { due, claimed, witness, photo, reason } => json!({
            "due": due, "claimed": claimed, "witness": witness, "photo": photo, "reason": reason,
        }),
        Body::Ledger { origin, key } => {
            json!({ "origin": origin, "key": hex(key) })
        }
        Body::Ack { origin, size, root } => {
            json!({ "origin": origin, "size": size, "root": root })
        }
        Body::Unknown { raw, .. } => json!({ "raw": hex(raw) }),
        earlier => panic!("{} has no fields here", earlier.name()),
    }
}

fn evidence_fields(evidence: &Evidence) -> Value {
    let number = evidence.type_number();
    match evidence {
        Evidence::Manual { checkpoint, reason } => {
            json!({ "type": number, "checkpoint": checkpoint, "reason": reason })
        }
        Evidence::Qr { tag } => json!({ "type": number, "tag": tag }),
        Evidence::NfcUid { uid, originality } => json!({
            "type": number, "uid": hex(uid), "originality": originality.as_ref().map(hex),
        }),
        Evidence::Rotating { tag, code } => json!({ "type": number, "tag": tag, "code": code }),
        Evidence::Sun { uid, counter, mac, .. } => {
            json!({ "type": number, "uid": hex(uid), "counter": counter, "mac": hex(mac) })
        }
        Evidence::Unknown { raw, .. } => json!({ "type": number, "raw": hex(raw) }),
    }
}
