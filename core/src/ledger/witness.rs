//! A witness: c2sp.org/tlog-witness. It remembers the largest tree head of each ledger, and cosigns what grew from it.
//!
//! [`Witness::answer`] is the whole protocol without I/O. What it remembers is kept before it replies, and compared with what
//! it decided on, so that two programs on one store never cosign two faces.

mod asked;

use std::collections::BTreeMap;

use data_encoding::BASE64;

use super::{
    frontier::MAX_LEAVES,
    key::{KeyType, NoteKeyError, VerifierKey, WitnessKey},
    merkle::{ProofError, empty_root, verify_consistency},
    note::{MAX_NOTE, NoteError},
    split_view::SplitView,
    tree_head::{SignedTreeHead, base64_hash, decimal},
};
use crate::model::Hash;

pub use asked::Asked;

/// Hashes of a request at most, as the specification says.
pub const MAX_PROOF_LINES: usize = 63;
/// Bytes of a request at most: a note and a proof.
pub const MAX_REQUEST: usize = MAX_NOTE + 8 * 1024;

/// A request as a ledger sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddTreeHead {
    /// Leaves of the tree head that the witness cosigned last, as the ledger knows it.
    pub old: u64,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
    /// The new tree head.
    pub head: SignedTreeHead,
}

impl AddTreeHead {
    /// Reads a request's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let malformed = || Refusal::Malformed;
        if bytes.len() > MAX_REQUEST {
            return Err(Refusal::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed)?;
        let (lines, note) = text.split_once("\n\n").ok_or_else(malformed)?;
        let mut lines = lines.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or_else(malformed)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == MAX_PROOF_LINES {
                return Err(Refusal::Malformed);
            }
            proof.push(base64_hash(line).ok_or_else(malformed)?);
        }
        let head = SignedTreeHead::parse(note.as_bytes()).map_err(|_| Refusal::Malformed)?;
        Ok(Self { old, proof, head })
    }

    /// The request's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&format!("{}\n", BASE64.encode(&hash.0)));
        }
        text.push('\n');
        [text.into_bytes(), self.head.encode()].concat()
    }
}

/// What a witness remembers of one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The note that the ledger signed: evidence, should it ever sign another.
    pub note: Vec<u8>,
}

/// Where a witness remembers.
pub trait WitnessStore {
    /// Why it failed.
    type Error;

    /// The largest tree head that was cosigned of this origin.
    fn newest(&mut self, origin: &str) -> Result<Option<Witnessed>, Self::Error>;

    /// Replaces it, durably, if it still is `before`: one atomic step. `false`: it is another by now, and nothing changed.
    fn advance(
        &mut self,
        origin: &str,
        before: Option<&Witnessed>,
        now: &Witnessed,
    ) -> Result<bool, Self::Error>;

    /// Keeps evidence against a ledger; the first of each is enough.
    fn keep(&mut self, origin: &str, evidence: &SplitView) -> Result<(), Self::Error>;
}

/// Why a tree head was not cosigned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Larger than any that is accepted.
    #[error("a request of more than {MAX_REQUEST} bytes; leave out signatures that nobody needs")]
    TooLarge,
    /// Not the format.
    #[error(
        "not a request of c2sp.org/tlog-witness: old size, proof lines, an empty line, a checkpoint"
    )]
    Malformed,
    /// The old size is the larger one.
    #[error("the old size is larger than the checkpoint; send the smaller one as old")]
    Shrinks,
    /// Nobody asked this witness to watch that ledger.
    #[error("this witness does not know the origin; ask its operator to add the ledger's key")]
    UnknownOrigin,
    /// Not signed by the ledger.
    #[error("{0}")]
    Signature(NoteError),
    /// The ledger goes on from another size than the witness knows.
    #[error("the latest checkpoint cosigned has {0} leaves; send a proof from there")]
    Stale(u64),
    /// The same size with another root: the ledger has two faces.
    #[error("another root of the same size was cosigned; the evidence is kept")]
    Fork,
    /// The proof does not join the two.
    #[error("the consistency proof does not hold: {0}")]
    Proof(ProofError),
    /// Others kept asking at the same moment.
    #[error("too many requests for this origin at once; try again")]
    Busy,
}

impl Refusal {
    /// The status of the reply.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::Malformed | Self::Shrinks => 400,
            Self::UnknownOrigin => 404,
            Self::Signature(_) => 403,
            Self::Stale(_) | Self::Fork => 409,
            Self::Proof(_) => 422,
            Self::Busy => 503,
        }
    }
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP's status.
    pub status: u16,
    /// HTTP's content type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

const TEXT: &str = "text/plain; charset=utf-8";

impl From<&Refusal> for Reply {
    fn from(refusal: &Refusal) -> Self {
        let status = refusal.status();
        match refusal {
            Refusal::Stale(size) => {
                Self { status, content_type: "text/x.tlog.size", body: format!("{size}\n") }
            }
            _ => Self { status, content_type: TEXT, body: format!("{refusal}\n") },
        }
    }
}

/// A witness's key, and the ledgers that it watches.
#[derive(Debug, Clone)]
pub struct Witness {
    key: WitnessKey,
    ledgers: BTreeMap<String, Vec<VerifierKey>>,
}

/// A request that a known ledger has signed.
struct Signed<'w> {
    request: AddTreeHead,
    keys: &'w [VerifierKey],
}

impl Witness {
    /// A witness of these ledgers. A ledger may have several keys while it changes them.
    pub fn new(
        key: WitnessKey,
        ledgers: impl IntoIterator<Item = VerifierKey>,
    ) -> Result<Self, NoteKeyError> {
        let mut by_origin: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for ledger in ledgers {
            let (found, expected) = (ledger.key_type().number(), KeyType::Ed25519.number());
            if found != expected {
                return Err(NoteKeyError::Type { found, expected });
            }
            let keys = by_origin.entry(ledger.name().to_owned()).or_default();
            if !keys.contains(&ledger) {
                keys.push(ledger);
            }
        }
        Ok(Self { key, ledgers: by_origin })
    }

    /// The witness's public key.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// The origins it watches.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.ledgers.keys().map(String::as_str)
    }

    /// Answers a request. `now` tells the time, Unix seconds; it is asked after what is remembered was read and before it is
    /// replaced, so that what the cosignature says was so at that time.
    pub fn answer<S: WitnessStore>(
        &self,
        body: &[u8],
        store: &mut S,
        now: &mut dyn FnMut() -> u64,
    ) -> Result<Reply, S::Error> {
        let signed = match self.check(body) {
            Ok(signed) => signed,
            Err(refusal) => return Ok(Reply::from(&refusal)),
        };
        let origin = &signed.request.head.head().origin;
        // Whoever loses a race decides again on what the other left; that is stale nearly always.
        for _ in 0..4 {
            let before = store.newest(origin)?;
            let next = match signed.after(before.as_ref()) {
                Ok(next) => next,
                Err(refusal) => {
                    if let Some(evidence) = signed.contradiction(before.as_ref()) {
                        store.keep(origin, &evidence)?;
                    }
                    return Ok(Reply::from(&refusal));
                }
            };
            let time = now();
            if store.advance(origin, before.as_ref(), &next)? {
                let line = self.key.cosign(signed.request.head.note().text(), time).line();
                return Ok(Reply { status: 200, content_type: TEXT, body: line });
            }
        }
        Ok(Reply::from(&Refusal::Busy))
    }

    /// What can be said of a request without remembering anything.
    fn check(&self, body: &[u8]) -> Result<Signed<'_>, Refusal> {
        let request = AddTreeHead::parse(body)?;
        let head = request.head.head();
        if head.size > MAX_LEAVES {
            return Err(Refusal::Malformed);
        }
        let keys = self.ledgers.get(&head.origin).ok_or(Refusal::UnknownOrigin)?;
        request.head.note().verify(keys).map_err(Refusal::Signature)?;
        if request.old > head.size {
            return Err(Refusal::Shrinks);
        }
        Ok(Signed { request, keys })
    }
}

impl Signed<'_> {
    /// What is to be remembered after `before`, if this grew from it.
    fn after(&self, before: Option<&Witnessed>) -> Result<Witnessed, Refusal> {
        let head = self.request.head.head();
        let (size, root) = before.map_or((0, empty_root()), |before| (before.size, before.root));
        if self.request.old != size {
            return Err(Refusal::Stale(size));
        }
        if head.size == size && head.root != root {
            return Err(Refusal::Fork);
        }
        verify_consistency(size, root, head.size, head.root, &self.request.proof)
            .map_err(Refusal::Proof)?;
        Ok(Witnessed { size: head.size, root: head.root, note: self.request.head.encode() })
    }

    /// Whether the refused request convicts its ledger.
    fn contradiction(&self, before: Option<&Witnessed>) -> Option<SplitView> {
        let held = SignedTreeHead::parse(&before?.note).ok()?;
        let proof = &self.request.proof;
        self.keys.iter().find_map(|key| SplitView::find(key, &held, &self.request.head, proof))
    }
}
