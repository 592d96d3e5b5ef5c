//! Everything that a record can say, for property tests: each kind, and values at the borders of
//! their encodings.

use proptest::{collection::vec, option, prelude::*, strategy::Union};

use super::{
    Body, ContentPart, Continues, DeviceKey, Evidence, Item, Kind, PersonPart, Segment,
    SoftwareKey, TimePart, cbor::Writer,
};
use crate::{
    entropy::SeededEntropy,
    model::{CheckpointId, CrewNo, DeviceId, DocumentId, DueId, Hash, RouteId, TagId, VesselId},
};

/// The highest kind that this version knows.
pub const LAST_KIND: Kind = 29;

/// The author of all segments here.
pub fn device() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(1))
}

/// An unsigned integer, often at a border of its encoding.
pub fn uint() -> impl Strategy<Value = u64> + Clone {
    const BORDERS: [u64; 10] =
        [0, 23, 24, 0xff, 0x100, 0xffff, 0x1_0000, u32::MAX as u64, u32::MAX as u64 + 1, u64::MAX];
    prop_oneof![0..30_u64, proptest::sample::select(BORDERS.as_slice()), any::<u64>()]
}

/// A signed integer, often at a border of its encoding.
pub fn int() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![
        // The sign and any width.
        (any::<i64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift),
        Just(i64::MIN),
        Just(i64::MAX),
    ]
}

fn hash() -> impl Strategy<Value = Hash> + Clone {
    any::<[u8; 32]>().prop_map(Hash)
}

fn id<T: std::fmt::Debug, const N: usize>(
    make: fn([u8; N]) -> T,
) -> impl Strategy<Value = T> + Clone {
    any::<[u8; N]>().prop_map(make)
}

fn sorted(mut hashes: Vec<Hash>) -> Vec<Hash> {
    hashes.sort();
    hashes.dedup();
    hashes
}

/// An encoded item of any type, with arrays nested at most `depth` deep.
fn item(depth: u32) -> BoxedStrategy<Vec<u8>> {
    let write = |write: &dyn Fn(&mut Writer) -> &mut Writer| {
        let mut to = Writer::default();
        write(&mut to);
        to.finish()
    };
    let leaf = prop_oneof![
        uint().prop_map(move |value| write(&|to| to.uint(value))),
        int().prop_map(move |value| write(&|to| to.int(value))),
        vec(any::<u8>(), 0..40).prop_map(move |value| write(&|to| to.bytes(&value))),
        any::<String>().prop_map(move |value| write(&|to| to.text(&value))),
        any::<bool>().prop_map(move |value| write(&|to| to.bool(value))),
        Just(write(&|to| to.null())),
    ];
    if depth == 0 { leaf.boxed() } else { prop_oneof![leaf, array(depth)].boxed() }
}

/// An encoded array of anything, nested at most `depth` deep.
pub fn array(depth: u32) -> BoxedStrategy<Vec<u8>> {
    vec(item(depth - 1), 0..5).prop_map(|items| join(&items)).boxed()
}

fn join(items: &[Vec<u8>]) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(items.len());
    items.iter().for_each(|item| {
        to.raw(item);
    });
    to.finish()
}

/// Evidence of all types, and of one that is not known.
pub fn evidence() -> impl Strategy<Value = Evidence> {
    let unknown = (6..u64::MAX, vec(item(1), 0..4)).prop_map(|(number, rest)| {
        let mut to = Writer::default();
        to.uint(number);
        let raw = join(&[vec![to.finish()], rest].concat());
        Evidence::Unknown { number, raw }
    });
    prop_oneof![
        (id(CheckpointId), uint())
            .prop_map(|(checkpoint, reason)| Evidence::Manual { checkpoint, reason }),
        id(TagId).prop_map(|tag| Evidence::Qr { tag }),
        (vec(any::<u8>(), 4..=10), option::of(vec(any::<u8>(), 0..60)))
            .prop_map(|(uid, originality)| Evidence::NfcUid { uid, originality }),
        (id(TagId), uint()).prop_map(|(tag, code)| Evidence::Rotating { tag, code }),
        (any::<[u8; 7]>(), uint(), any::<[u8; 8]>(), any::<bool>()).prop_map(
            |(uid, counter, mac, nonce_bound)| { Evidence::Sun { uid, counter, mac, nonce_bound } }
        ),
        unknown,
    ]
}

fn continues() -> impl Strategy<Value = Continues> {
    let signature = option::of(any::<[u8; 64]>());
    (id(DeviceId), uint(), hash(), uint(), hash(), signature).prop_map(
        |(dev, held_seq, held_head, marker_seq, marker_head, signature)| Continues {
            dev,
            held_seq,
            held_head,
            marker_seq,
            marker_head,
            signature,
        },
    )
}

/// A body of this kind.
pub fn body(kind: Kind) -> BoxedStrategy<Body> {
    let subject = option::of(hash());
    let due = option::of(id(DueId));
    match kind {
        1 => (id(VesselId), any::<[u8; 16]>(), int(), option::of(continues()))
            .prop_map(|(vessel, nonce, offset, continues)| {
                let key = device().public_key();
                Body::Genesis { key, vessel, nonce, offset, continues }
            })
            .boxed(),
        2 => Just(Body::Alive).boxed(),
        3 => uint().prop_map(|reason| Body::Park { reason }).boxed(),
        4 => Just(Body::Resume).boxed(),
        5 => int().prop_map(|offset| Body::Boot { offset }).boxed(),
        6 => (int(), int()).prop_map(|(before, after)| Body::ClockStep { before, after }).boxed(),
        7 => (uint(), int(), uint(), subject)
            .prop_map(|(source, time, eps, subject)| Body::Anchor { source, time, eps, subject })
            .boxed(),
        8 => uint().prop_map(|action| Body::Crew { action }).boxed(),
        9 => (option::of(id(RouteId)), due, option::of(id(DueId)), vec(hash(), 0..=16))
            .prop_map(|(route, due, supersedes, plan_heads)| Body::PatrolStart {
                route,
                due,
                supersedes,
                plan_heads,
            })
            .boxed(),
        10 => (id(DeviceId), uint(), hash(), due)
            .prop_map(|(dev, patrol, head, due)| Body::Join { dev, patrol, head, due })
            .boxed(),
        11 => evidence().prop_map(Body::Scan).boxed(),
        12 => (uint(), uint())
            .prop_map(|(evidence_type, reason)| Body::ScanFailed { evidence_type, reason })
            .boxed(),
        13 => (uint(), uint()).prop_map(|(how, reason)| Body::PatrolEnd { how, reason }).boxed(),
        14 => (uint(), subject).prop_map(|(code, blob)| Body::Note { code, blob }).boxed(),
        15 => (id(DeviceId), uint(), hash(), uint())
            .prop_map(|(dev, seq, head, via)| Body::Seen { dev, seq, head, via })
            .boxed(),
        _ => later_body(kind),
    }
}

fn later_body(kind: Kind) -> BoxedStrategy<Body> {
    let key = any::<[u8; 33]>();
    let subject = option::of(hash());
    match kind {
        16 => (uint(), id(DocumentId), vec(hash(), 0..=100))
            .prop_map(|(kind, id, changes)| Body::Document { kind, id, changes })
            .boxed(),
        17 => (vec(hash(), 1..=16).prop_map(sorted), int())
            .prop_map(|(heads, effective_from)| Body::PlanAdopt { heads, effective_from })
            .boxed(),
        18 => vec(hash(), 0..=16).prop_map(|heads| Body::PlanSeen { heads }).boxed(),
        19 => (hash(), uint(), uint())
            .prop_map(|(record, result, key_version)| Body::TagCheck {
                record,
                result,
                key_version,
            })
            .boxed(),
        20 => (hash(), uint(), uint())
            .prop_map(|(hash, size, media)| Body::Attachment { hash, size, media })
            .boxed(),
        21 => (uint(), subject).prop_map(|(code, subject)| Body::Alarm { code, subject }).boxed(),
        22 => {
            (hash(), uint()).prop_map(|(alarm, answer)| Body::AlarmAnswer { alarm, answer }).boxed()
        }
        23 => (key, id(VesselId), any::<u32>(), int(), option::of(int()), subject)
            .prop_map(|(key, vessel, roles, from, until, genesis)| Body::Certificate {
                key,
                vessel,
                roles,
                from,
                until,
                genesis,
            })
            .boxed(),
        24 => key.prop_map(|key| Body::Rotate { key }).boxed(),
        25 => (id(DeviceId), int(), option::of(uint()))
            .prop_map(|(dev, reported, last_seq)| Body::Lost { dev, reported, last_seq })
            .boxed(),
        26 => (id(DeviceId), uint(), uint())
            .prop_map(|(dev, last_trusted_seq, reason)| Body::Revoke {
                dev,
                last_trusted_seq,
                reason,
            })
            .boxed(),
        27 => (id(DeviceId), uint(), uint(), uint(), uint())
            .prop_map(|(dev, from, to, parts, reason)| Body::Erase { dev, from, to, parts, reason })
            .boxed(),
        28 => (option::of(id(DueId)), int(), any::<u32>(), subject, uint())
            .prop_map(|(due, claimed, witness, photo, reason)| Body::PaperEntry {
                due,
                claimed,
                witness: CrewNo(witness),
                photo,
                reason,
            })
            .boxed(),
        29 => (hash(), uint(), hash())
            .prop_map(|(origin, size, root)| Body::Ack { origin, size, root })
            .boxed(),
        30 => ("[a-z./]{1,40}", any::<[u8; 32]>())
            .prop_map(|(origin, key)| Body::Ledger { origin, key })
            .boxed(),
        _ => array(3).prop_map(move |raw| Body::Unknown { kind, raw }).boxed(),
    }
}

/// A body of any kind that may stand behind the genesis, known or not.
pub fn later_kinds() -> impl Strategy<Value = Body> {
    let unknown = prop_oneof![Just(0), LAST_KIND + 1..=u64::MAX].prop_flat_map(body);
    Union::new((2..=LAST_KIND).map(body).chain([unknown.boxed()]))
}

/// The time part of a record, made from the one before: usually later in the same boot, at times
/// after a reboot, and at times with clocks that went back.
fn time_after() -> impl Strategy<Value = fn(TimePart, u64, i64) -> TimePart> + Clone {
    prop_oneof![
        6 => Just((|before, step, jump| TimePart {
            mono: before.mono.saturating_add(step),
            wall: before.wall.saturating_add_signed(jump),
            ..before
        }) as fn(TimePart, u64, i64) -> TimePart),
        1 => Just((|before, step, jump| TimePart {
            boot: before.boot.map(|byte| byte.wrapping_add(1)),
            mono: step,
            wall: before.wall.saturating_add_signed(jump),
        }) as fn(TimePart, u64, i64) -> TimePart),
        1 => Just((|before, step, _| TimePart {
            mono: before.mono.saturating_sub(step),
            wall: before.wall.saturating_sub(step),
            ..before
        }) as fn(TimePart, u64, i64) -> TimePart),
    ]
}

fn person() -> impl Strategy<Value = PersonPart> + Clone {
    let crew = prop_oneof![8 => 0..3_u32, 1 => any::<u32>()];
    (crew, 0..4_u32, prop_oneof![8 => 0..2_u64, 1 => any::<u64>()])
        .prop_map(|(crew, grade, how)| PersonPart { crew: CrewNo(crew), grade, how })
}

/// The parts of consecutive records, from seq 0 (`genesis`) or from later on.
fn run(genesis: bool, most: usize) -> impl Strategy<Value = Vec<Item>> {
    let first = (any::<[u8; 8]>(), uint(), uint()).prop_map(|(boot, mono, wall)| TimePart {
        boot,
        mono,
        wall,
    });
    let start = if genesis { body(1) } else { later_kinds().boxed() };
    let step = (time_after(), uint(), int(), option::of(person()), uint());
    (first, person(), start, vec((step, later_kinds()), 0..most)).prop_map(
        |(mut time, mut person, start, rest)| {
            let mut items =
                vec![Item::shown(&time, &person, &ContentPart { patrol: 0, body: start })];
            for ((after, step, jump, another, patrol), body) in rest {
                time = after(time, step, jump);
                person = another.unwrap_or(person);
                items.push(Item::shown(&time, &person, &ContentPart { patrol, body }));
            }
            items
        },
    )
}

/// A segment of up to `most` records as its author cuts it.
pub fn segment(most: usize) -> impl Strategy<Value = Segment> {
    let later = (1..u64::MAX - 300, any::<[u8; 32]>(), run(false, most));
    let places = prop_oneof![run(true, most).prop_map(|items| (0, [0; 32], items)), later,];
    (places, any::<[u8; 16]>()).prop_map(|((from, prev, items), key)| {
        Segment::cut(&device(), from, Hash(prev), key, items).unwrap()
    })
}
