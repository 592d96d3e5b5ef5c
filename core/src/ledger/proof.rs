//! A proof that an entry is in a ledger, as a file that needs nobody's answer: c2sp.org/tlog-proof@v1.

use data_encoding::BASE64;

use super::{
    base64,
    merkle::{ProofError, verify_inclusion},
    note::MAX_NOTE,
    policy::{Policy, PolicyVerdict},
    tree_head::{SignedTreeHead, TreeHeadError, base64_hash, decimal},
};
use crate::model::Hash;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// Hashes of a path at most.
const MAX_PATH: usize = 64;
/// Bytes of a proof at most: a note, and as much beside it.
pub const MAX_PROOF: usize = 2 * MAX_NOTE;

/// Why a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoggedProofError {
    /// Not the format.
    #[error("not a proof of the form {FIRST_LINE}; fetch it again")]
    Form,
    /// Larger than any that is accepted.
    #[error("a proof of {0} bytes; at most {MAX_PROOF} are accepted")]
    TooLarge(usize),
    /// Its tree head is none.
    #[error(transparent)]
    TreeHead(#[from] TreeHeadError),
    /// Its path leads elsewhere.
    #[error(transparent)]
    Path(#[from] ProofError),
    /// The path is good; whoever signed the tree head is not believed.
    #[error("{0}")]
    Policy(Box<PolicyVerdict>),
}

/// Index, path and tree head, in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedProof {
    /// What somebody put beside it. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The entry's index in the ledger.
    pub index: u64,
    /// From the leaf's sibling to the root's child.
    pub path: Vec<Hash>,
    /// The ledger at one size.
    pub head: SignedTreeHead,
}

impl LoggedProof {
    /// Reads a file's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LoggedProofError> {
        if bytes.len() > MAX_PROOF {
            return Err(LoggedProofError::TooLarge(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| LoggedProofError::Form)?;
        let (lines, head) = text.split_once("\n\n").ok_or(LoggedProofError::Form)?;
        let mut lines = lines.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(LoggedProofError::Form);
        }
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra
            .and_then(|line| line.strip_prefix("extra "))
            .map(|extra| base64::decode(extra).ok_or(LoggedProofError::Form));
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or(LoggedProofError::Form)?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == MAX_PATH {
                return Err(LoggedProofError::Form);
            }
            path.push(base64_hash(line).ok_or(LoggedProofError::Form)?);
        }
        let head = SignedTreeHead::parse(head.as_bytes())?;
        Ok(Self { extra: extra.transpose()?, index, path, head })
    }

    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!("{FIRST_LINE}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", BASE64.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{}\n", BASE64.encode(&hash.0)));
        }
        text.push('\n');
        [text.into_bytes(), self.head.encode()].concat()
    }

    /// Checks that a leaf with this hash is in a ledger that the policy believes.
    pub fn verify(&self, leaf: Hash, policy: &Policy) -> Result<PolicyVerdict, LoggedProofError> {
        let head = self.head.head();
        verify_inclusion(self.index, head.size, leaf, &self.path, head.root)?;
        let verdict = policy.judge(&self.head);
        if verdict.is_met() {
            Ok(verdict)
        } else {
            Err(LoggedProofError::Policy(Box::new(verdict)))
        }
    }
}
