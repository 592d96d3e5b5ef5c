//! The two messages and their strict codec.

use crate::{
    document::{RawChange, Version},
    model::{DeviceId, DocumentId, Hash, VesselId},
    record::{
        CborError, DeviceKey, KeyError, PublicKeyBytes, Purpose, Run,
        cbor::{Reader, Writer},
        fact::VERSION,
        key::{SIGNATURE_LEN, sign, verify},
    },
};

/// Bounds of one message.
#[derive(Debug, Clone, Copy)]
pub struct Limits;

impl Limits {
    /// Bytes of a request or response.
    pub const BYTES: usize = 4 * 1024 * 1024;
    /// Segments.
    pub const SEGMENTS: usize = 512;
    /// Automerge changes.
    pub const CHANGES: usize = 1_024;
    /// Devices in a have list.
    pub const DEVICES: usize = 256;
    /// Runs of one device.
    pub const RUNS: usize = 64;
    /// Documents named.
    pub const DOCUMENTS: usize = 1_024;
    /// Names in the version of one document: a head a device, and what is not applied.
    pub const NAMES: usize = 512;
    /// Names in the versions of all documents that a sender puts into one message.
    pub const ALL_NAMES: usize = 8_192;
    /// Bytes of a signed note.
    pub const NOTE: usize = 65_536;
    /// Hashes of a proof that joins two tree heads.
    pub const PROOF: usize = 130;
    /// Receipts and problems.
    pub const ANSWERS: usize = 1_024;
    /// Payload that a sender puts into one message before it says `more`; the rest is room for
    /// lists and framing.
    pub const PAYLOAD: usize = 3 * 1024 * 1024;
}

/// Why a message was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// Larger than any honest sender's.
    #[error("a message of {0} bytes; at most {max} are accepted, so send it in parts", max = Limits::BYTES)]
    TooLarge(usize),
    /// Not the format.
    #[error("not a sync message: {0}; nothing was changed, send it again")]
    Malformed(#[from] CborError),
    /// Signed with another key, or changed on the way.
    #[error("the request is not signed by device {0}; nothing was changed")]
    BadSignature(DeviceId),
}

/// What the requester wants of other devices' records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Chains that carry authority (shore, officers, hub) and the Plan.
    Authority,
    /// Every chain of the vessel.
    All,
}

/// What somebody holds of each device's chain.
pub type Have = Vec<(DeviceId, Vec<Run>)>;

/// A document's version, or one of its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<T> {
    /// The kind's number; kinds of a newer version are passed on.
    pub kind: u64,
    /// Which document.
    pub id: DocumentId,
    /// Version or change.
    pub what: T,
}

/// What a device asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The ship.
    pub vessel: VesselId,
    /// Who asks, and signs.
    pub dev: DeviceId,
    /// What it wants.
    pub scope: Scope,
    /// What it holds.
    pub have: Have,
    /// The versions of its documents.
    pub documents: Vec<Document<Version>>,
    /// Segments the other side lacks.
    pub segments: Vec<Vec<u8>>,
    /// Changes the other side lacks.
    pub changes: Vec<Document<RawChange>>,
    /// The newest tree head of the shore's ledger that this device accepted: a signed note.
    pub tree_head: Option<Vec<u8>>,
    /// Receipts that the shore gave and may have lost: sent to a shore that collects.
    pub receipts: Vec<Vec<u8>>,
}

/// A tree head, and what joins it to the one of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHeadAnswer {
    /// The signed note.
    pub note: Vec<u8>,
    /// The consistency proof (RFC 6962 section 2.1.2), with the hash at which it begins.
    pub proof: Vec<Hash>,
}

/// Why something in a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "FORMAT.md section 12 explains every code")]
pub enum ProblemCode {
    Malformed,
    BadSignature,
    UnknownDevice,
    WrongVessel,
    TooLarge,
    Fork,
    ChangeRefused,
    NotVouched,
    Collecting,
    Unknown(u64),
}

/// Something in a request that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Why.
    pub code: ProblemCode,
    /// A device id, a change hash or the like.
    pub subject: Vec<u8>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The shore's clock, Unix seconds.
    pub time: i64,
    /// What the shore holds of the devices that the request named.
    pub have: Have,
    /// The versions of the shore's documents.
    pub documents: Vec<Document<Version>>,
    /// Segments the requester lacks.
    pub segments: Vec<Vec<u8>>,
    /// Changes the requester lacks.
    pub changes: Vec<Document<RawChange>>,
    /// Receipts.
    pub receipts: Vec<Vec<u8>>,
    /// What was not taken.
    pub problems: Vec<Problem>,
    /// How large the shore's ledger is now.
    pub tree_head: Option<TreeHeadAnswer>,
    /// Another round trip brings more.
    pub more: bool,
}

impl ProblemCode {
    /// On the wire.
    pub fn number(self) -> u64 {
        match self {
            Self::Malformed => 1,
            Self::BadSignature => 2,
            Self::UnknownDevice => 3,
            Self::WrongVessel => 4,
            Self::TooLarge => 5,
            Self::Fork => 6,
            Self::ChangeRefused => 7,
            Self::NotVouched => 8,
            Self::Collecting => 9,
            Self::Unknown(number) => number,
        }
    }

    /// By its number.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Malformed,
            2 => Self::BadSignature,
            3 => Self::UnknownDevice,
            4 => Self::WrongVessel,
            5 => Self::TooLarge,
            6 => Self::Fork,
            7 => Self::ChangeRefused,
            8 => Self::NotVouched,
            9 => Self::Collecting,
            other => Self::Unknown(other),
        }
    }

    /// What it means and what to do, for people.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Malformed => "something arrived damaged; it is sent again at the next sync",
            Self::BadSignature => "records do not carry their author's signature; update the app",
            Self::UnknownDevice => {
                "the beginning of a chain is missing; it is sent at the next sync"
            }
            Self::WrongVessel => {
                "these records belong to another ship; enrol this phone here first"
            }
            Self::TooLarge => "too much at once; it goes in smaller parts at the next sync",
            Self::Fork => "one chain was continued twice; both branches are kept, tell the office",
            Self::ChangeRefused => "an edit cannot be merged; it is kept aside, tell the office",
            Self::NotVouched => "an edit waits for its author's record; nothing to do",
            Self::Collecting => {
                "the office was put back from a backup: it takes what phones bring back and confirms nothing yet; this phone keeps everything, so sync as usual"
            }
            Self::Unknown(_) => "the shore is newer than this app; update the app",
        }
    }
}

/// A request with its device's signature, as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRequest {
    /// The request's bytes.
    pub bytes: Vec<u8>,
    /// The device's, over `bytes`.
    pub signature: [u8; SIGNATURE_LEN],
}

impl SealedRequest {
    /// Signs a request.
    pub fn seal(request: &Request, key: &dyn DeviceKey) -> Result<Self, KeyError> {
        let bytes = request.encode();
        let signature = sign(key, Purpose::Sync, &bytes)?;
        Ok(Self { bytes, signature })
    }

    /// The envelope's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(2).bytes(&self.bytes).bytes(&self.signature);
        to.finish()
    }

    /// Reads an envelope and the request in it. The caller finds the key of `dev` and then
    /// calls [`SealedRequest::check`]; until then nothing is believed.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Request), SyncError> {
        if bytes.len() > Limits::BYTES {
            return Err(SyncError::TooLarge(bytes.len()));
        }
        let mut from = Reader::new(bytes)?;
        from.array(2)?;
        let sealed = Self { bytes: from.bytes()?.to_vec(), signature: from.fixed()? };
        let request = Request::decode(&sealed.bytes)?;
        Ok((sealed, request))
    }

    /// Checks the signature with the key of the device that the request names.
    pub fn check(&self, request: &Request, key: &PublicKeyBytes) -> Result<(), SyncError> {
        let owner = crate::record::device_id(key) == request.dev;
        if owner && verify(key, Purpose::Sync, &self.bytes, &self.signature) {
            Ok(())
        } else {
            Err(SyncError::BadSignature(request.dev))
        }
    }
}

impl Request {
    /// The request's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(10).uint(VERSION).bytes(&self.vessel.0).bytes(&self.dev.0);
        to.uint(match self.scope {
            Scope::Authority => 0,
            Scope::All => 1,
        });
        write_have(&mut to, &self.have);
        write_documents(&mut to, &self.documents);
        write_list(&mut to, &self.segments);
        write_changes(&mut to, &self.changes);
        to.optional(self.tree_head.as_deref(), Writer::bytes);
        write_list(&mut to, &self.receipts);
        to.finish()
    }

    /// Reads a request's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(10)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a request of version 1"));
        }
        Ok(Self {
            vessel: VesselId(from.fixed()?),
            dev: DeviceId(from.fixed()?),
            scope: match from.uint()? {
                0 => Scope::Authority,
                1 => Scope::All,
                _ => return Err(CborError::Expected("a scope of 0 or 1")),
            },
            have: read_have(&mut from)?,
            documents: read_documents(&mut from)?,
            segments: read_list(&mut from, Limits::SEGMENTS)?,
            changes: read_changes(&mut from)?,
            tree_head: from.optional(read_note)?,
            receipts: read_list(&mut from, Limits::ANSWERS)?,
        })
    }
}

impl Response {
    /// The response's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(10).uint(VERSION).int(self.time);
        write_have(&mut to, &self.have);
        write_documents(&mut to, &self.documents);
        write_list(&mut to, &self.segments);
        write_changes(&mut to, &self.changes);
        write_list(&mut to, &self.receipts);
        to.array(self.problems.len());
        for problem in &self.problems {
            to.array(2).uint(problem.code.number()).bytes(&problem.subject);
        }
        to.optional(self.tree_head.as_ref(), |to, head| {
            to.array(2).bytes(&head.note).hashes(&head.proof)
        });
        to.bool(self.more);
        to.finish()
    }

    /// Reads a response's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, SyncError> {
        if bytes.len() > Limits::BYTES {
            return Err(SyncError::TooLarge(bytes.len()));
        }
        let mut from = Reader::new(bytes)?;
        from.array(10)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a response of version 1").into());
        }
        Ok(Self {
            time: from.int()?,
            have: read_have(&mut from)?,
            documents: read_documents(&mut from)?,
            segments: read_list(&mut from, Limits::SEGMENTS)?,
            changes: read_changes(&mut from)?,
            receipts: read_list(&mut from, Limits::ANSWERS)?,
            problems: from.list_of(Limits::ANSWERS, |from| {
                from.array(2)?;
                let code = ProblemCode::from_number(from.uint()?);
                Ok(Problem { code, subject: from.bytes()?.to_vec() })
            })?,
            tree_head: from.optional(|from| {
                from.array(2)?;
                let note = read_note(from)?;
                let proof = from.list_of(Limits::PROOF, Reader::hash)?;
                Ok(TreeHeadAnswer { note, proof })
            })?,
            more: from.bool()?,
        })
    }
}

/// A signed note. What it says is read where its key is known.
fn read_note(from: &mut Reader<'_>) -> Result<Vec<u8>, CborError> {
    match from.bytes()? {
        note if note.len() <= Limits::NOTE => Ok(note.to_vec()),
        _ => Err(CborError::Expected("a note of at most 64 KiB")),
    }
}

fn write_have(to: &mut Writer, have: &Have) {
    to.array(have.len());
    for (dev, runs) in have {
        to.array(2).bytes(&dev.0).array(runs.len());
        for run in runs {
            to.array(3).uint(run.from).uint(run.to).bytes(&run.head.0);
        }
    }
}

fn read_have(from: &mut Reader<'_>) -> Result<Have, CborError> {
    let have: Have = from.list_of(Limits::DEVICES, |from| {
        from.array(2)?;
        let dev = DeviceId(from.fixed()?);
        let runs: Vec<Run> = from.list_of(Limits::RUNS, |from| {
            from.array(3)?;
            Ok(Run { from: from.uint()?, to: from.uint()?, head: from.hash()? })
        })?;
        let ordered = runs.is_sorted_by(|a, b| a < b) && runs.iter().all(|run| run.from <= run.to);
        if ordered { Ok((dev, runs)) } else { Err(CborError::Expected("runs in order")) }
    })?;
    if have.is_sorted_by(|a, b| a.0 < b.0) {
        Ok(have)
    } else {
        Err(CborError::Expected("devices in order"))
    }
}

/// A have list by itself, for whoever keeps one.
pub fn encode_have(have: &Have) -> Vec<u8> {
    let mut to = Writer::default();
    write_have(&mut to, have);
    to.finish()
}

/// Reads [`encode_have`]'s bytes.
pub fn decode_have(bytes: &[u8]) -> Result<Have, CborError> {
    read_have(&mut Reader::new(bytes)?)
}

fn write_documents(to: &mut Writer, documents: &[Document<Version>]) {
    to.array(documents.len());
    for document in documents {
        to.array(5).uint(document.kind).bytes(&document.id.0);
        to.hashes(&document.what.heads).hashes(&document.what.unapplied);
        to.optional(document.what.set.as_ref(), |to, set| to.bytes(&set.0));
    }
}

fn read_documents(from: &mut Reader<'_>) -> Result<Vec<Document<Version>>, CborError> {
    from.list_of(Limits::DOCUMENTS, |from| {
        from.array(5)?;
        let (kind, id) = (from.uint()?, DocumentId(from.fixed()?));
        let heads = from.list_of(Limits::NAMES, Reader::hash)?;
        let unapplied = from.list_of(Limits::NAMES.saturating_sub(heads.len()), Reader::hash)?;
        let what = Version { heads, unapplied, set: from.optional(Reader::hash)? };
        Ok(Document { kind, id, what })
    })
}

fn write_list(to: &mut Writer, list: &[Vec<u8>]) {
    to.array(list.len());
    for bytes in list {
        to.bytes(bytes);
    }
}

fn read_list(from: &mut Reader<'_>, most: usize) -> Result<Vec<Vec<u8>>, CborError> {
    from.list_of(most, |from| from.bytes().map(<[u8]>::to_vec))
}

fn write_changes(to: &mut Writer, changes: &[Document<RawChange>]) {
    to.array(changes.len());
    for change in changes {
        to.array(4).uint(change.kind).bytes(&change.id.0);
        to.bytes(&change.what.hash.0).bytes(&change.what.bytes);
    }
}

fn read_changes(from: &mut Reader<'_>) -> Result<Vec<Document<RawChange>>, CborError> {
    from.list_of(Limits::CHANGES, |from| {
        from.array(4)?;
        Ok(Document {
            kind: from.uint()?,
            id: DocumentId(from.fixed()?),
            what: RawChange { hash: from.hash()?, bytes: from.bytes()?.to_vec() },
        })
    })
}
