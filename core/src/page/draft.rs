//! What a person writes, before it is a change.

use data_encoding::HEXLOWER;

use super::keys::{CLOSED, MAX_TEXT, WritingKind, answer_id, is_id};
use crate::{
    document::Value,
    model::{CheckpointId, Hash, is_hidden},
    plan::check::is_item,
};

/// Keys and values of one change; `None` takes away.
pub type Entries = Vec<(String, Option<Value>)>;

/// What a writing is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// The whole patrol or day.
    Patrol,
    /// One point.
    Point(CheckpointId),
    /// One scan, by its record's hash.
    Scan(Hash),
    /// Another writing, by its id.
    Writing(String),
    /// A flag, by its id.
    Flag(Hash),
}

/// The answer to one item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes or no.
    Yes(bool),
    /// A reading, in thousandths.
    Milli(i64),
    /// In words.
    Text(String),
}

/// One action of a person on a Page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the kinds explain their fields")]
pub enum Draft {
    Remark {
        on: On,
        text: String,
    },
    /// Answers, or corrects an answer.
    Answer {
        point: CheckpointId,
        item: String,
        answer: Answer,
    },
    Reason {
        on: On,
        code: u8,
        text: String,
    },
    /// An officer or the shore accepts a reason, or does not.
    Accept {
        reason: String,
        accepted: bool,
    },
    /// `claimed`: when it is said to have happened, Unix seconds.
    Incident {
        on: On,
        claimed: i64,
        text: String,
    },
    Amendment {
        incident: String,
        text: String,
    },
    Defect {
        on: On,
        text: String,
    },
    /// Closes a defect, or opens it again.
    DefectState {
        defect: String,
        open: bool,
    },
    Handover {
        text: String,
    },
    Countersign {
        text: String,
    },
    Reply {
        flag: Hash,
        text: String,
    },
    Review {
        on: On,
        text: String,
    },
    /// 1 explained, 2 corrected, 3 confirmed.
    Disposition {
        flag: Hash,
        outcome: u8,
        text: String,
    },
    /// Writes over the text of a writing; what stood there stays readable.
    Correct {
        kind: WritingKind,
        id: String,
        text: String,
    },
    /// Takes back the text of a writing, and the outcome of a disposition; they stay readable.
    TakeBack {
        kind: WritingKind,
        id: String,
    },
    /// Closes the Page.
    Close,
    /// Opens a closed Page again; that it was closed stays readable.
    Reopen,
}

/// Why a draft cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// Nothing in it.
    #[error("nothing was written; type a text first")]
    Empty,
    /// Too long.
    #[error("{0} characters are too many; at most {MAX_TEXT}, so write a second one")]
    TooLong(usize),
    /// No writing, item or code of this name.
    #[error("there is no {0} of this name; look at the page again")]
    NoSuch(&'static str),
}

impl On {
    /// As it stands in the document.
    pub fn words(&self) -> String {
        match self {
            Self::Patrol => "patrol".to_owned(),
            Self::Point(point) => format!("point {point}"),
            Self::Scan(record) => format!("scan {record}"),
            Self::Writing(id) => format!("writing {id}"),
            Self::Flag(flag) => format!("flag {flag}"),
        }
    }

    /// Reads what [`On::words`] wrote.
    pub fn from_words(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => (text == "patrol").then_some(Self::Patrol),
            Some(("point", id)) => CheckpointId::from_hex(id).ok().map(Self::Point),
            Some(("scan", hash)) => Hash::from_hex(hash).ok().map(Self::Scan),
            Some(("writing", id)) => is_id(id).then(|| Self::Writing(id.to_owned())),
            Some(("flag", hash)) => Hash::from_hex(hash).ok().map(Self::Flag),
            Some(_) => None,
        }
    }
}

impl Draft {
    /// The entries of the change. `id` names a new writing.
    pub fn entries(&self, id: [u8; 8]) -> Result<Entries, DraftError> {
        let id = HEXLOWER.encode(&id);
        let mut entries = Writer::default();
        match self {
            Self::Remark { on, text } => {
                entries.of(WritingKind::Remark, &id).text("on", on.words()).said("text", text)?;
            }
            Self::Answer { point, item, answer } => {
                if !is_item(item) {
                    return Err(DraftError::NoSuch("checklist item"));
                }
                let entry = entries.of(WritingKind::Answer, &answer_id(*point, item));
                match answer {
                    Answer::Yes(yes) => drop(entry.int("yes", i64::from(*yes))),
                    Answer::Milli(milli) => drop(entry.int("milli", *milli)),
                    Answer::Text(text) => drop(entry.said("text", text)?),
                }
            }
            Self::Reason { on, code, text } => {
                let entry = entries.of(WritingKind::Reason, &id).text("on", on.words());
                entry.int("code", i64::from(*code)).said("text", text)?;
            }
            Self::Accept { reason, accepted } => {
                let entry = entries.existing(WritingKind::Reason, reason)?;
                entry.int("accepted", if *accepted { 1 } else { 2 });
            }
            Self::Incident { on, claimed, text } => {
                let entry = entries.of(WritingKind::Incident, &id).text("on", on.words());
                entry.int("claimed", *claimed).said("text", text)?;
            }
            Self::Amendment { incident, text } => {
                let known = is_id(incident).then(|| incident.clone());
                let of = known.ok_or(DraftError::NoSuch("incident"))?;
                entries.of(WritingKind::Amendment, &id).text("of", of).said("text", text)?;
            }
            Self::Defect { on, text } => {
                let entry = entries.of(WritingKind::Defect, &id).text("on", on.words());
                entry.int("state", 1).said("text", text)?;
            }
            Self::DefectState { defect, open } => {
                let entry = entries.existing(WritingKind::Defect, defect)?;
                entry.int("state", if *open { 1 } else { 2 });
            }
            _ => self.review_entries(&id, &mut entries)?,
        }
        Ok(entries.entries)
    }

    /// Handing over, and what comes after.
    fn review_entries(&self, id: &str, entries: &mut Writer) -> Result<(), DraftError> {
        match self {
            Self::Handover { text } => {
                entries.of(WritingKind::Handover, id).said("text", text)?;
            }
            Self::Countersign { text } => {
                entries.of(WritingKind::Countersignature, id).said("text", text)?;
            }
            Self::Reply { flag, text } => {
                let entry = entries.of(WritingKind::Reply, id).text("flag", flag.to_string());
                entry.said("text", text)?;
            }
            Self::Review { on, text } => {
                entries.of(WritingKind::Review, id).text("on", on.words()).said("text", text)?;
            }
            Self::Disposition { flag, outcome, text } => {
                if !(1..=3).contains(outcome) {
                    return Err(DraftError::NoSuch("outcome"));
                }
                let entry = entries.of(WritingKind::Disposition, id);
                entry.text("flag", flag.to_string()).int("outcome", i64::from(*outcome));
                entry.said("text", text)?;
            }
            Self::Correct { kind, id, text } => {
                entries.existing(*kind, id)?.said("text", text)?;
            }
            Self::TakeBack { kind, id } => {
                let entry = entries.existing(*kind, id)?;
                entry.none("text");
                if *kind == WritingKind::Disposition {
                    entry.none("outcome");
                }
            }
            Self::Close => entries.entries.push((CLOSED.to_owned(), Some(Value::Int(1)))),
            // A value: one that was cleared by somebody whose clearing does not count cannot be cleared again.
            Self::Reopen => entries.entries.push((CLOSED.to_owned(), Some(Value::Int(0)))),
            // `entries` has written all the others.
            _ => {}
        }
        Ok(())
    }
}

/// Collects the entries of one writing.
#[derive(Default)]
struct Writer {
    entries: Entries,
    stem: String,
}

impl Writer {
    fn of(&mut self, kind: WritingKind, id: &str) -> &mut Self {
        self.stem = format!("{}/{id}/", kind.word());
        self
    }

    fn existing(&mut self, kind: WritingKind, id: &str) -> Result<&mut Self, DraftError> {
        if is_id(id) { Ok(self.of(kind, id)) } else { Err(DraftError::NoSuch("writing")) }
    }

    fn text(&mut self, field: &str, text: String) -> &mut Self {
        self.entries.push((format!("{}{field}", self.stem), Some(Value::Text(text))));
        self
    }

    fn int(&mut self, field: &str, int: i64) -> &mut Self {
        self.entries.push((format!("{}{field}", self.stem), Some(Value::Int(int))));
        self
    }

    fn none(&mut self, field: &str) {
        self.entries.push((format!("{}{field}", self.stem), None));
    }

    /// What somebody typed.
    fn said(&mut self, field: &str, text: &str) -> Result<&mut Self, DraftError> {
        let shown: String = text.chars().filter(|it| !is_hidden(*it)).collect();
        let text = shown.trim();
        match text.chars().count() {
            0 => Err(DraftError::Empty),
            long if long > MAX_TEXT => Err(DraftError::TooLong(long)),
            _ => Ok(self.text(field, text.to_owned())),
        }
    }
}
