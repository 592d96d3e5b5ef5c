//! What somebody ashore has before him while he writes.

use std::collections::BTreeSet;

use deckwatch_core::{
    model::{CheckpointId, DeviceId, Hash, PageSubject, VesselId},
    page::{PageContent, Writing, WritingKind},
};

use super::act::{Act, acts_on, acts_on_page, wrote_any};
use crate::page::form::Fields;

/// A flag of what a Page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagNote {
    /// Its id.
    pub id: Hash,
    /// Its code.
    pub code: String,
    /// What was found.
    pub sentence: String,
}

/// A Page with what it is about.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The vessel.
    pub vessel: VesselId,
    /// What it is about.
    pub subject: PageSubject,
    /// What stands on it.
    pub content: PageContent,
    /// The version of it.
    pub version: Vec<Hash>,
    /// The shore's device.
    pub shore: DeviceId,
    /// Places that a remark may be about.
    pub places: Vec<(CheckpointId, String)>,
    /// Flags that stand.
    pub flags: Vec<FlagNote>,
}

/// Why there is no form for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The Page is closed.
    #[error("This page was closed, so nothing more is written on it")]
    Closed,
    /// It is open.
    #[error("This page is not closed")]
    Open,
    /// What it is for is not there.
    #[error("What this is about is not on the page")]
    Gone,
    /// The reason is the shore's.
    #[error("The shore wrote this reason, and nobody accepts his own")]
    OwnReason,
    /// The words are somebody else's.
    #[error("Only who wrote something corrects it or takes it back")]
    NotOwn,
}

impl Refusal {
    /// What to do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Closed => {
                "Nothing was written. Open the page again first, or write on the page of the day."
            }
            Self::Open | Self::Gone => "Nothing was written. Look at the page as it is now.",
            Self::OwnReason => {
                "Nothing was written. Let the ship security officer on board decide on it."
            }
            Self::NotOwn => "Nothing was written. Answer it instead.",
        }
    }
}

impl Desk {
    /// The writing that a form names.
    pub fn writing(&self, fields: &Fields) -> Option<&Writing> {
        let id = fields.get("id")?;
        self.content.writings.iter().find(|writing| writing.id == *id)
    }

    /// The flag that a form names.
    pub fn flag(&self, fields: &Fields) -> Option<&FlagNote> {
        let id = Hash::from_hex(fields.get("flag")?).ok()?;
        self.flags.iter().find(|flag| flag.id == id)
    }

    /// "patrol" or "day".
    pub fn whole(&self) -> &'static str {
        match self.subject {
            PageSubject::Day(_) => "day",
            PageSubject::Due(_) | PageSubject::Unplanned { .. } => "patrol",
        }
    }

    /// Whether this may be done to what the form names.
    pub fn allows(&self, act: Act, fields: &Fields) -> Result<(), Refusal> {
        match (act, self.content.closed.is_some()) {
            (Act::Reopen, false) => return Err(Refusal::Open),
            (Act::Reopen, true) => return Ok(()),
            (_, true) => return Err(Refusal::Closed),
            _ => {}
        }
        if acts_on_page(&self.content).contains(&act) {
            return Ok(());
        }
        if fields.contains_key("flag") {
            let allowed = matches!(act, Act::Settle | Act::Answer) && self.flag(fields).is_some();
            return if allowed { Ok(()) } else { Err(Refusal::Gone) };
        }
        let writing = self.writing(fields).ok_or(Refusal::Gone)?;
        if acts_on(writing, self.shore).contains(&act) {
            return Ok(());
        }
        Err(match act {
            Act::Accept if wrote_any(writing, self.shore) => Refusal::OwnReason,
            Act::Correct | Act::TakeBack if writing.by.is_none_or(|by| by.dev != self.shore) => {
                Refusal::NotOwn
            }
            _ => Refusal::Gone,
        })
    }

    /// What is not settled on it, a sentence each.
    pub fn unsettled(&self) -> Vec<String> {
        let settled: BTreeSet<&str> = self
            .content
            .of(WritingKind::Disposition)
            .filter(|it| it.int("outcome").is_some())
            .filter_map(|it| it.text("flag"))
            .collect();
        let mut left = Vec::new();
        for flag in self.flags.iter().filter(|it| !settled.contains(it.id.to_string().as_str())) {
            left.push(format!("Nobody settled the flag: {}", flag.sentence));
        }
        let undecided = self
            .content
            .of(WritingKind::Reason)
            .filter(|it| it.text("text").is_some() && it.int("accepted").is_none());
        left.extend(
            undecided.map(|it| {
                format!("Nobody decided on the reason “{}”.", beginning(it.text("text")))
            }),
        );
        let open = self.content.of(WritingKind::Defect).filter(|it| it.int("state") == Some(1));
        left.extend(open.map(|it| format!("The defect “{}” is open.", beginning(it.text("text")))));
        left
    }
}

/// The beginning of a text, on one line.
fn beginning(text: Option<&str>) -> String {
    let line = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    crate::page::words::shortened(&line, 80)
}
