//! Kinds of records and their bodies: FORMAT.md sections 4 and 5.

use super::cbor::{CborError, Reader, Writer};
use crate::model::{
    CheckpointId, CrewNo, DeviceId, DocumentId, DueId, Hash, RouteId, TagId, VesselId,
};

/// Change hashes that one `document` record may vouch for. 100 hashes are 3.4 kB.
pub const MAX_VOUCHED: usize = 100;
/// Bytes of a ledger's origin line: those of a key's name.
pub const MAX_ORIGIN: usize = 255;
/// Heads of a Plan that a record may name.
pub const MAX_HEADS: usize = 16;

/// A compressed P-256 public key (SEC 1, 33 bytes).
pub type PublicKeyBytes = [u8; 33];

/// The number of a record's kind. Fixed for ever.
pub type Kind = u64;

/// The kind at seq 0 of every chain, and nowhere else.
pub const GENESIS: Kind = 1;
/// What a reader of chains asks for by its kind, before it reads the body.
pub const ANCHOR: Kind = 7;
/// The last record of a chain whose key was rotated.
pub const ROTATE: Kind = 24;
/// A tree head that was accepted.
pub const ACK: Kind = 29;

/// Why a genesis continues another chain: FORMAT.md section 9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continues {
    /// The device before.
    pub dev: DeviceId,
    /// What the restored store still holds of it.
    pub held_seq: u64,
    /// The head at `held_seq`.
    pub held_head: Hash,
    /// What the marker beside the key says was recorded.
    pub marker_seq: u64,
    /// The head at `marker_seq`.
    pub marker_head: Hash,
    /// By the old key; `None` where it is gone.
    pub signature: Option<[u8; 64]>,
}

/// What a scan read. The evidence level is derived from this, never written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Typed by hand.
    Manual {
        /// The place claimed.
        checkpoint: CheckpointId,
        /// 1 tag damaged, 2 tag missing, 3 reader broken, 4 unsafe to approach.
        reason: u64,
    },
    /// A QR label or NDEF text.
    Qr {
        /// What it carried.
        tag: TagId,
    },
    /// The UID of an NFC tag.
    NfcUid {
        /// 4 to 10 bytes.
        uid: Vec<u8>,
        /// The NXP originality signature, where the tag has one.
        originality: Option<Vec<u8>>,
    },
    /// A rotating code on a display (RFC 6238).
    Rotating {
        /// The display.
        tag: TagId,
        /// What it showed.
        code: u64,
    },
    /// An NTAG 424 DNA SUN message (AN12196).
    Sun {
        /// The tag's UID.
        uid: [u8; 7],
        /// The tag's read counter.
        counter: u64,
        /// The truncated CMAC.
        mac: [u8; 8],
        /// Whether the MAC covers this chain's head (type 5, experimental).
        nonce_bound: bool,
    },
    /// A type of a newer version: kept whole, not understood.
    Unknown {
        /// The type's number.
        number: u64,
        /// The evidence array.
        raw: Vec<u8>,
    },
}

/// What a record says, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "FORMAT.md section 4 explains every field")]
pub enum Body {
    Genesis {
        key: PublicKeyBytes,
        vessel: VesselId,
        nonce: [u8; 16],
        offset: i64,
        continues: Option<Continues>,
    },
    Alive,
    Park {
        reason: u64,
    },
    Resume,
    Boot {
        offset: i64,
    },
    ClockStep {
        before: i64,
        after: i64,
    },
    Anchor {
        source: u64,
        time: i64,
        eps: u64,
        subject: Option<Hash>,
    },
    Crew {
        action: u64,
    },
    PatrolStart {
        route: Option<RouteId>,
        due: Option<DueId>,
        supersedes: Option<DueId>,
        plan_heads: Vec<Hash>,
    },
    Join {
        dev: DeviceId,
        patrol: u64,
        head: Hash,
        due: Option<DueId>,
    },
    Scan(Evidence),
    ScanFailed {
        evidence_type: u64,
        reason: u64,
    },
    PatrolEnd {
        how: u64,
        reason: u64,
    },
    Note {
        code: u64,
        blob: Option<Hash>,
    },
    Seen {
        dev: DeviceId,
        seq: u64,
        head: Hash,
        via: u64,
    },
    Document {
        kind: u64,
        id: DocumentId,
        changes: Vec<Hash>,
    },
    PlanAdopt {
        heads: Vec<Hash>,
        effective_from: i64,
    },
    PlanSeen {
        heads: Vec<Hash>,
    },
    TagCheck {
        record: Hash,
        result: u64,
        key_version: u64,
    },
    Attachment {
        hash: Hash,
        size: u64,
        media: u64,
    },
    Alarm {
        code: u64,
        subject: Option<Hash>,
    },
    AlarmAnswer {
        alarm: Hash,
        answer: u64,
    },
    Certificate {
        key: PublicKeyBytes,
        vessel: VesselId,
        roles: u32,
        from: i64,
        until: Option<i64>,
        genesis: Option<Hash>,
    },
    Rotate {
        key: PublicKeyBytes,
    },
    Lost {
        dev: DeviceId,
        reported: i64,
        last_seq: Option<u64>,
    },
    Revoke {
        dev: DeviceId,
        last_trusted_seq: u64,
        reason: u64,
    },
    Erase {
        dev: DeviceId,
        from: u64,
        to: u64,
        parts: u64,
        reason: u64,
    },
    PaperEntry {
        due: Option<DueId>,
        claimed: i64,
        witness: CrewNo,
        photo: Option<Hash>,
        reason: u64,
    },
    Ack {
        origin: Hash,
        size: u64,
        root: Hash,
    },
    /// The ledger that the shore logs this vessel in, from here on.
    Ledger {
        origin: String,
        key: [u8; 32],
    },
    /// A kind of a newer version: kept whole, not understood.
    Unknown {
        kind: Kind,
        raw: Vec<u8>,
    },
}

/// Reasons of a revocation that readers ask for.
pub mod revoked {
    /// Records are not trusted that were receipted; two people agreed, by the shore's word.
    pub const TWO_AGREED: u64 = 4;
}

/// Note codes that this version writes.
pub mod note {
    /// An unsigned tail was found at opening, and signed.
    pub const TAIL_FOUND: u64 = 1;
    /// The monotonic clock went back within a boot.
    pub const MONO_BACK: u64 = 3;
    /// The store was restored from a copy.
    pub const RESTORED: u64 = 4;
    /// The shore disowned records of this device that it had receipted; the blob is the receipt's hash.
    pub const DISOWNED: u64 = 5;
}

impl Body {
    /// The kind's number.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Genesis { .. } => 1,
            Self::Alive => 2,
            Self::Park { .. } => 3,
            Self::Resume => 4,
            Self::Boot { .. } => 5,
            Self::ClockStep { .. } => 6,
            Self::Anchor { .. } => 7,
            Self::Crew { .. } => 8,
            Self::PatrolStart { .. } => 9,
            Self::Join { .. } => 10,
            Self::Scan(_) => 11,
            Self::ScanFailed { .. } => 12,
            Self::PatrolEnd { .. } => 13,
            Self::Note { .. } => 14,
            Self::Seen { .. } => 15,
            Self::Document { .. } => 16,
            Self::PlanAdopt { .. } => 17,
            Self::PlanSeen { .. } => 18,
            Self::TagCheck { .. } => 19,
            Self::Attachment { .. } => 20,
            Self::Alarm { .. } => 21,
            Self::AlarmAnswer { .. } => 22,
            Self::Certificate { .. } => 23,
            Self::Rotate { .. } => 24,
            Self::Lost { .. } => 25,
            Self::Revoke { .. } => 26,
            Self::Erase { .. } => 27,
            Self::PaperEntry { .. } => 28,
            Self::Ack { .. } => 29,
            Self::Ledger { .. } => 30,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// The kind's name, as in FORMAT.md, logs and pages.
    pub fn name(&self) -> &'static str {
        kind_name(self.kind())
    }

    /// Writes the body.
    pub fn encode(&self, to: &mut Writer) {
        match self {
            Self::Genesis { key, vessel, nonce, offset, continues } => {
                to.array(5).bytes(key).bytes(&vessel.0).bytes(nonce).int(*offset);
                to.optional(continues.as_ref(), |to, continues| continues.encode(to));
            }
            Self::Alive | Self::Resume => drop(to.array(0)),
            Self::Park { reason } => drop(to.array(1).uint(*reason)),
            Self::Boot { offset } => drop(to.array(1).int(*offset)),
            Self::ClockStep { before, after } => drop(to.array(2).int(*before).int(*after)),
            Self::Anchor { source, time, eps, subject } => {
                to.array(4).uint(*source).int(*time).uint(*eps);
                to.optional(subject.as_ref(), |to, hash| to.bytes(&hash.0));
            }
            Self::Crew { action } => drop(to.array(1).uint(*action)),
            Self::PatrolStart { route, due, supersedes, plan_heads } => {
                to.array(4).optional(route.as_ref(), |to, id| to.bytes(&id.0));
                to.optional(due.as_ref(), |to, id| to.bytes(&id.0));
                to.optional(supersedes.as_ref(), |to, id| to.bytes(&id.0)).hashes(plan_heads);
            }
            Self::Join { dev, patrol, head, due } => {
                to.array(4).bytes(&dev.0).uint(*patrol).bytes(&head.0);
                to.optional(due.as_ref(), |to, id| to.bytes(&id.0));
            }
            Self::Scan(evidence) => evidence.encode(to.array(1)),
            Self::ScanFailed { evidence_type, reason } => {
                to.array(2).uint(*evidence_type).uint(*reason);
            }
            Self::PatrolEnd { how, reason } => drop(to.array(2).uint(*how).uint(*reason)),
            Self::Note { code, blob } => {
                to.array(2).uint(*code).optional(blob.as_ref(), |to, hash| to.bytes(&hash.0));
            }
            Self::Seen { dev, seq, head, via } => {
                to.array(4).bytes(&dev.0).uint(*seq).bytes(&head.0).uint(*via);
            }
            Self::Document { kind, id, changes } => {
                to.array(3).uint(*kind).bytes(&id.0).hashes(changes);
            }
            Self::PlanAdopt { heads, effective_from } => {
                to.array(2).hashes(heads).int(*effective_from);
            }
            Self::PlanSeen { heads } => drop(to.array(1).hashes(heads)),
            _ => self.encode_evidence_kinds(to),
        }
    }

    /// The kinds from tag_check on.
    fn encode_evidence_kinds(&self, to: &mut Writer) {
        match self {
            Self::TagCheck { record, result, key_version } => {
                to.array(3).bytes(&record.0).uint(*result).uint(*key_version);
            }
            Self::Attachment { hash, size, media } => {
                to.array(3).bytes(&hash.0).uint(*size).uint(*media);
            }
            Self::Alarm { code, subject } => {
                to.array(2).uint(*code).optional(subject.as_ref(), |to, hash| to.bytes(&hash.0));
            }
            Self::AlarmAnswer { alarm, answer } => drop(to.array(2).bytes(&alarm.0).uint(*answer)),
            Self::Certificate { key, vessel, roles, from, until, genesis } => {
                to.array(6).bytes(key).bytes(&vessel.0).uint(u64::from(*roles)).int(*from);
                to.optional(*until, Writer::int);
                to.optional(genesis.as_ref(), |to, hash| to.bytes(&hash.0));
            }
            Self::Rotate { key } => drop(to.array(1).bytes(key)),
            Self::Lost { dev, reported, last_seq } => {
                to.array(3).bytes(&dev.0).int(*reported).optional(*last_seq, Writer::uint);
            }
            Self::Revoke { dev, last_trusted_seq, reason } => {
                to.array(3).bytes(&dev.0).uint(*last_trusted_seq).uint(*reason);
            }
            Self::Erase { dev, from, to: last, parts, reason } => {
                to.array(5).bytes(&dev.0).uint(*from).uint(*last).uint(*parts).uint(*reason);
            }
            Self::PaperEntry { due, claimed, witness, photo, reason } => {
                to.array(5).optional(due.as_ref(), |to, id| to.bytes(&id.0)).int(*claimed);
                to.uint(u64::from(witness.0));
                to.optional(photo.as_ref(), |to, hash| to.bytes(&hash.0)).uint(*reason);
            }
            Self::Ack { origin, size, root } => {
                to.array(3).bytes(&origin.0).uint(*size).bytes(&root.0);
            }
            Self::Ledger { origin, key } => {
                to.array(2).text(origin).bytes(key);
            }
            Self::Unknown { raw, .. } => drop(to.raw(raw)),
            // `encode` has written all the others.
            _ => {}
        }
    }

    /// Reads the body of a record of `kind`.
    pub fn decode(kind: Kind, from: &mut Reader<'_>) -> Result<Self, CborError> {
        if kind >= 19 {
            return Self::decode_evidence_kinds(kind, from);
        }
        let route = |from: &mut Reader<'_>| from.fixed().map(RouteId);
        let due = |from: &mut Reader<'_>| from.fixed().map(DueId);
        Ok(match kind {
            1 => {
                from.array(5)?;
                Self::Genesis {
                    key: from.fixed()?,
                    vessel: VesselId(from.fixed()?),
                    nonce: from.fixed()?,
                    offset: from.int()?,
                    continues: from.optional(Continues::decode)?,
                }
            }
            2 => from.array(0).map(|()| Self::Alive)?,
            3 => from.array(1).and_then(|()| Ok(Self::Park { reason: from.uint()? }))?,
            4 => from.array(0).map(|()| Self::Resume)?,
            5 => from.array(1).and_then(|()| Ok(Self::Boot { offset: from.int()? }))?,
            6 => {
                from.array(2)?;
                Self::ClockStep { before: from.int()?, after: from.int()? }
            }
            7 => {
                from.array(4)?;
                Self::Anchor {
                    source: from.uint()?,
                    time: from.int()?,
                    eps: from.uint()?,
                    subject: from.optional(Reader::hash)?,
                }
            }
            8 => from.array(1).and_then(|()| Ok(Self::Crew { action: from.uint()? }))?,
            9 => {
                from.array(4)?;
                Self::PatrolStart {
                    route: from.optional(route)?,
                    due: from.optional(due)?,
                    supersedes: from.optional(due)?,
                    plan_heads: from.list_of(MAX_HEADS, Reader::hash)?,
                }
            }
            10 => {
                from.array(4)?;
                Self::Join {
                    dev: DeviceId(from.fixed()?),
                    patrol: from.uint()?,
                    head: from.hash()?,
                    due: from.optional(due)?,
                }
            }
            11 => from.array(1).and_then(|()| Evidence::decode(from).map(Self::Scan))?,
            12 => {
                from.array(2)?;
                Self::ScanFailed { evidence_type: from.uint()?, reason: from.uint()? }
            }
            13 => {
                from.array(2)?;
                Self::PatrolEnd { how: from.uint()?, reason: from.uint()? }
            }
            14 => {
                from.array(2)?;
                Self::Note { code: from.uint()?, blob: from.optional(Reader::hash)? }
            }
            15 => {
                from.array(4)?;
                Self::Seen {
                    dev: DeviceId(from.fixed()?),
                    seq: from.uint()?,
                    head: from.hash()?,
                    via: from.uint()?,
                }
            }
            16 => {
                from.array(3)?;
                Self::Document {
                    kind: from.uint()?,
                    id: DocumentId(from.fixed()?),
                    changes: from.list_of(MAX_VOUCHED, Reader::hash)?,
                }
            }
            17 => {
                from.array(2)?;
                Self::PlanAdopt { heads: sorted_heads(from)?, effective_from: from.int()? }
            }
            18 => {
                from.array(1)?;
                Self::PlanSeen { heads: from.list_of(MAX_HEADS, Reader::hash)? }
            }
            _ => Self::Unknown { kind, raw: from.raw_array()?.to_vec() },
        })
    }

    fn decode_evidence_kinds(kind: Kind, from: &mut Reader<'_>) -> Result<Self, CborError> {
        Ok(match kind {
            19 => {
                from.array(3)?;
                let record = from.hash()?;
                Self::TagCheck { record, result: from.uint()?, key_version: from.uint()? }
            }
            20 => {
                from.array(3)?;
                Self::Attachment { hash: from.hash()?, size: from.uint()?, media: from.uint()? }
            }
            21 => {
                from.array(2)?;
                Self::Alarm { code: from.uint()?, subject: from.optional(Reader::hash)? }
            }
            22 => {
                from.array(2)?;
                Self::AlarmAnswer { alarm: from.hash()?, answer: from.uint()? }
            }
            23 => {
                from.array(6)?;
                Self::Certificate {
                    key: from.fixed()?,
                    vessel: VesselId(from.fixed()?),
                    roles: from.uint32()?,
                    from: from.int()?,
                    until: from.optional(Reader::int)?,
                    genesis: from.optional(Reader::hash)?,
                }
            }
            24 => from.array(1).and_then(|()| Ok(Self::Rotate { key: from.fixed()? }))?,
            25 => {
                from.array(3)?;
                Self::Lost {
                    dev: DeviceId(from.fixed()?),
                    reported: from.int()?,
                    last_seq: from.optional(Reader::uint)?,
                }
            }
            26 => {
                from.array(3)?;
                Self::Revoke {
                    dev: DeviceId(from.fixed()?),
                    last_trusted_seq: from.uint()?,
                    reason: from.uint()?,
                }
            }
            27 => {
                from.array(5)?;
                Self::Erase {
                    dev: DeviceId(from.fixed()?),
                    from: from.uint()?,
                    to: from.uint()?,
                    parts: from.uint()?,
                    reason: from.uint()?,
                }
            }
            28 => {
                from.array(5)?;
                Self::PaperEntry {
                    due: from.optional(|from| from.fixed().map(DueId))?,
                    claimed: from.int()?,
                    witness: CrewNo(from.uint32()?),
                    photo: from.optional(Reader::hash)?,
                    reason: from.uint()?,
                }
            }
            29 => {
                from.array(3)?;
                Self::Ack { origin: from.hash()?, size: from.uint()?, root: from.hash()? }
            }
            30 => {
                from.array(2)?;
                let origin = from.text()?;
                if origin.is_empty() || origin.len() > MAX_ORIGIN {
                    return Err(CborError::Expected("an origin of 1 to 255 bytes"));
                }
                Self::Ledger { origin: origin.to_owned(), key: from.fixed()? }
            }
            _ => Self::Unknown { kind, raw: from.raw_array()?.to_vec() },
        })
    }
}

fn sorted_heads(from: &mut Reader<'_>) -> Result<Vec<Hash>, CborError> {
    let heads = from.list_of(MAX_HEADS, Reader::hash)?;
    if heads.is_empty() || !heads.is_sorted_by(|a, b| a < b) {
        return Err(CborError::Expected("heads in order, at least one"));
    }
    Ok(heads)
}

/// The name of a kind; `unknown` for kinds of a newer version.
pub fn kind_name(kind: Kind) -> &'static str {
    #[rustfmt::skip]
    const NAMES: [&str; 30] = [
        "genesis", "alive", "park", "resume", "boot", "clock_step", "anchor", "crew",
        "patrol_start", "join", "scan", "scan_failed", "patrol_end", "note", "seen", "document",
        "plan_adopt", "plan_seen", "tag_check", "attachment", "alarm", "alarm_answer",
        "certificate", "rotate", "lost", "revoke", "erase", "paper_entry", "ack", "ledger",
    ];
    usize::try_from(kind)
        .ok()
        .and_then(|kind| kind.checked_sub(1))
        .and_then(|index| NAMES.get(index).copied())
        .unwrap_or("unknown")
}

impl Continues {
    fn encode<'w>(&self, to: &'w mut Writer) -> &'w mut Writer {
        to.array(6).bytes(&self.dev.0).uint(self.held_seq).bytes(&self.held_head.0);
        to.uint(self.marker_seq).bytes(&self.marker_head.0);
        to.optional(self.signature.as_ref(), |to, signature| to.bytes(signature))
    }

    fn decode(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(6)?;
        Ok(Self {
            dev: DeviceId(from.fixed()?),
            held_seq: from.uint()?,
            held_head: from.hash()?,
            marker_seq: from.uint()?,
            marker_head: from.hash()?,
            signature: from.optional(Reader::fixed)?,
        })
    }

    /// What the old key signs for `new_key`.
    pub fn signed_payload(&self, new_key: &PublicKeyBytes) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(6).bytes(&self.dev.0).uint(self.held_seq).bytes(&self.held_head.0);
        to.uint(self.marker_seq).bytes(&self.marker_head.0).bytes(new_key);
        to.finish()
    }
}

impl Evidence {
    /// The type's number: FORMAT.md section 5.
    pub fn type_number(&self) -> u64 {
        match self {
            Self::Manual { .. } => 0,
            Self::Qr { .. } => 1,
            Self::NfcUid { .. } => 2,
            Self::Rotating { .. } => 3,
            Self::Sun { nonce_bound: false, .. } => 4,
            Self::Sun { nonce_bound: true, .. } => 5,
            Self::Unknown { number, .. } => *number,
        }
    }

    fn encode(&self, to: &mut Writer) {
        let number = self.type_number();
        match self {
            Self::Manual { checkpoint, reason } => {
                to.array(3).uint(number).bytes(&checkpoint.0).uint(*reason);
            }
            Self::Qr { tag } => drop(to.array(2).uint(number).bytes(&tag.0)),
            Self::NfcUid { uid, originality } => {
                to.array(3).uint(number).bytes(uid);
                to.optional(originality.as_deref(), Writer::bytes);
            }
            Self::Rotating { tag, code } => {
                to.array(3).uint(number).bytes(&tag.0).uint(*code);
            }
            Self::Sun { uid, counter, mac, .. } => {
                to.array(4).uint(number).bytes(uid).uint(*counter).bytes(mac);
            }
            Self::Unknown { raw, .. } => drop(to.raw(raw)),
        }
    }

    fn decode(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let raw = from.clone().raw()?;
        let length = from.array_len()?;
        if length == 0 {
            return Err(CborError::Expected("evidence that begins with its type"));
        }
        let number = from.uint()?;
        if number > 5 {
            (1..length).try_for_each(|_| from.raw().map(drop))?;
            return Ok(Self::Unknown { number, raw: raw.to_vec() });
        }
        Ok(match (number, length) {
            (0, 3) => {
                Self::Manual { checkpoint: CheckpointId(from.fixed()?), reason: from.uint()? }
            }
            (1, 2) => Self::Qr { tag: TagId(from.fixed()?) },
            (2, 3) => {
                let uid = from.bytes()?;
                if !(4..=10).contains(&uid.len()) {
                    return Err(CborError::Expected("a UID of 4 to 10 bytes"));
                }
                let originality = from.optional(Reader::bytes)?.map(<[u8]>::to_vec);
                Self::NfcUid { uid: uid.to_vec(), originality }
            }
            (3, 3) => Self::Rotating { tag: TagId(from.fixed()?), code: from.uint()? },
            (4 | 5, 4) => Self::Sun {
                uid: from.fixed()?,
                counter: from.uint()?,
                mac: from.fixed()?,
                nonce_bound: number == 5,
            },
            _ => return Err(CborError::Expected("evidence of a known type")),
        })
    }
}
