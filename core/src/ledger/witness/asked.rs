//! What a ledger makes of a witness's reply.

use super::AddTreeHead;
use crate::ledger::{key::VerifierKey, note::NoteSignature, tree_head::decimal};

/// Bytes of a reply that are looked at.
const MAX_REPLY: usize = 64 * 1024;

/// A witness's reply, read by who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Good cosignatures of known witnesses, at least one: add them to the tree head.
    Cosigned(Vec<NoteSignature>),
    /// The witness knows a ledger of this size: prove from there, and ask again.
    Stale(u64),
    /// It did not cosign; its words, to be shown and not to be believed.
    Refused(String),
}

impl AddTreeHead {
    /// Reads the reply to this request. Lines of keys that are not among `witnesses` say nothing.
    pub fn read_reply(&self, status: u16, body: &[u8], witnesses: &[VerifierKey]) -> Asked {
        let body = body.get(..MAX_REPLY).unwrap_or(body);
        let text = String::from_utf8_lossy(body);
        let size = text.strip_suffix('\n').and_then(decimal);
        match (status, size) {
            (409, Some(size)) => return Asked::Stale(size),
            (200, _) => {}
            _ => return Asked::Refused(shown(status, &text)),
        }
        let lines = text.lines().filter_map(|line| NoteSignature::parse(line).ok());
        let good = lines.filter(|line| {
            let is_of = |key: &&VerifierKey| key.name() == line.name && key.id() == line.id;
            let checks = |key: &VerifierKey| {
                key.check(self.head.note().text(), &line.bytes)
                    .is_some_and(|checked| checked.time.is_some())
            };
            witnesses.iter().find(is_of).is_some_and(checks)
        });
        match good.collect::<Vec<_>>() {
            none if none.is_empty() => Asked::Refused(shown(status, &text)),
            good => Asked::Cosigned(good),
        }
    }
}

/// The first words of a reply, on one line.
fn shown(status: u16, text: &str) -> String {
    let text: String = text.chars().take(200).map(|c| if c < ' ' { ' ' } else { c }).collect();
    format!("{status}: {}", text.trim_end())
}
