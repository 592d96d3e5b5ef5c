//! What people write about a patrol or a day.

use deckwatch_core::{
    document::Value,
    model::{self, CheckpointId, CrewNo, DeviceId, DueId, Hash},
    page::{self, Author, Draft, On},
    plan::check,
};

use super::{Phone, id, walk::EndReason};
use crate::{MobileError, guard::guard, platform::Change};

/// What a Page is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PageSubject {
    /// A due patrol, whoever walks it.
    Due {
        /// Its id.
        id: String,
    },
    /// A patrol that no plan demanded.
    Unplanned {
        /// The device that started it.
        device: String,
        /// That device's number of it.
        number: u64,
    },
    /// A day of the ship's.
    Day {
        /// Days since 1970-01-01, in ship time.
        number: i64,
    },
}

/// What a writing is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum WrittenOn {
    /// The whole patrol or day.
    Patrol,
    /// One point.
    Point {
        /// The checkpoint's id.
        id: String,
    },
    /// One scan.
    Scan {
        /// Its record's hash.
        record: String,
    },
    /// Another writing.
    Writing {
        /// Its id.
        id: String,
    },
    /// A flag.
    Flag {
        /// Its id.
        id: String,
    },
}

/// The answer to one item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CheckAnswer {
    /// Yes or no.
    YesNo {
        /// Yes.
        yes: bool,
    },
    /// A number, in thousandths.
    Number {
        /// 1,000 is one.
        milli: i64,
    },
    /// In words.
    Words {
        /// The words.
        text: String,
    },
}

/// What came of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FlagOutcome {
    /// It has a good explanation.
    Explained,
    /// What was wrong is put right.
    Corrected,
    /// It is as the flag says.
    Confirmed,
}

/// The kinds of writings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum WritingKind {
    /// A remark on a point, a scan or the whole patrol.
    Remark,
    /// The answer to one item of a checkpoint's checklist.
    Answer,
    /// Why a point or a patrol was missed or late.
    Reason,
    /// Something that happened.
    Incident,
    /// An addition to an incident.
    Amendment,
    /// Something that must be mended.
    Defect,
    /// What the next watch must know.
    Handover,
    /// An officer has read the Page as it was.
    Countersignature,
    /// The patroller's answer to a flag.
    Reply,
    /// A word in the review of a flag or of a writing.
    Review,
    /// What came of a flag.
    Disposition,
}

/// One action of a person on a Page.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PageDraft {
    /// A remark.
    Remark {
        /// About what.
        on: WrittenOn,
        /// At most 2,000 characters.
        text: String,
    },
    /// Answers an item of a checklist, or corrects the answer.
    Answer {
        /// The checkpoint's id.
        point: String,
        /// The item's name.
        item: String,
        /// The answer.
        answer: CheckAnswer,
    },
    /// Why a point or a patrol was missed or late.
    Reason {
        /// About what.
        on: WrittenOn,
        /// The reason.
        code: EndReason,
        /// At most 2,000 characters.
        text: String,
    },
    /// An officer accepts a reason, or does not.
    Accept {
        /// The reason's id.
        reason: String,
        /// Accepted.
        accepted: bool,
    },
    /// Something that happened.
    Incident {
        /// About what.
        on: WrittenOn,
        /// When it is said to have happened, Unix seconds.
        claimed: i64,
        /// At most 2,000 characters.
        text: String,
    },
    /// An addition to an incident.
    Amendment {
        /// The incident's id.
        incident: String,
        /// At most 2,000 characters.
        text: String,
    },
    /// Something that must be mended.
    Defect {
        /// About what.
        on: WrittenOn,
        /// At most 2,000 characters.
        text: String,
    },
    /// Closes a defect, or opens it again.
    DefectState {
        /// The defect's id.
        defect: String,
        /// Open.
        open: bool,
    },
    /// What the next watch must know.
    Handover {
        /// At most 2,000 characters.
        text: String,
    },
    /// An officer has read the Page as it is.
    Countersign {
        /// At most 2,000 characters.
        text: String,
    },
    /// The patroller's answer to a flag.
    Reply {
        /// The flag's id.
        flag: String,
        /// At most 2,000 characters.
        text: String,
    },
    /// An officer's word in a review.
    Review {
        /// About what.
        on: WrittenOn,
        /// At most 2,000 characters.
        text: String,
    },
    /// What came of a flag.
    Disposition {
        /// The flag's id.
        flag: String,
        /// What came of it.
        outcome: FlagOutcome,
        /// At most 2,000 characters.
        text: String,
    },
    /// Writes over the text of a writing; what stood there stays readable.
    Correct {
        /// The writing's kind.
        kind: WritingKind,
        /// Its id.
        id: String,
        /// At most 2,000 characters.
        text: String,
    },
    /// Takes back the text of a writing; it stays readable.
    TakeBack {
        /// The writing's kind.
        kind: WritingKind,
        /// Its id.
        id: String,
    },
    /// An officer closes the Page.
    Close,
}

/// A Page, as far as it is here.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Page {
    /// It was reviewed and closed.
    pub closed: bool,
    /// All writings, by kind, then by when they were begun.
    pub writings: Vec<PageWriting>,
    /// Keys that this library does not understand; a newer app may.
    pub unknown: Vec<String>,
}

/// One writing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PageWriting {
    /// What it is.
    pub kind: WritingKind,
    /// Its id.
    pub id: String,
    /// The device that began it; `None`: several wrote on it unseen by each other, and nobody can say
    /// who came first.
    pub device: Option<String>,
    /// Who was logged in there.
    pub crew: Option<u32>,
    /// Its fields: `on`, `text`, `code`, `state` and so on.
    pub fields: Vec<PageField>,
}

/// One field with its history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PageField {
    /// Its name.
    pub name: String,
    /// What counts now; `None`: it was taken back, or nothing in it counts.
    pub value: Option<PageValue>,
    /// Every version, oldest first.
    pub versions: Vec<PageVersion>,
}

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PageValue {
    /// Words.
    Words {
        /// The words.
        text: String,
    },
    /// A whole number.
    Number {
        /// The number.
        number: i64,
    },
}

/// One value that somebody gave to a field.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PageVersion {
    /// The value; `None`: taken back.
    pub value: Option<PageValue>,
    /// The device that wrote it.
    pub device: String,
    /// Who was logged in there.
    pub crew: Option<u32>,
    /// Nothing that counts was written over it.
    pub stands: bool,
    /// Its author may write this field, and the field may hold it.
    pub counts: bool,
    /// Written after the Page was closed.
    pub after_closing: bool,
}

/// One item of a checkpoint's checklist.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckItem {
    /// Its name, for the answer.
    pub item: String,
    /// The question, as the crew reads it.
    pub ask: String,
    /// How it is answered.
    pub kind: CheckKind,
    /// Of a number; may be empty.
    pub unit: String,
    /// A number below is remarkable; thousandths.
    pub min_milli: Option<i64>,
    /// A number above is remarkable; thousandths.
    pub max_milli: Option<i64>,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CheckKind {
    /// Yes or no.
    YesNo,
    /// A number.
    Number,
    /// Words.
    Words,
    /// Something that this list does not have.
    Unknown {
        /// What the core calls it.
        name: String,
    },
}

impl PageSubject {
    fn read(&self) -> Result<model::PageSubject, MobileError> {
        Ok(match self {
            Self::Due { id: due } => model::PageSubject::Due(id("due", DueId::from_hex(due))?),
            Self::Unplanned { device, number } => model::PageSubject::Unplanned {
                dev: id("device", DeviceId::from_hex(device))?,
                patrol: *number,
            },
            Self::Day { number } => model::PageSubject::Day(*number),
        })
    }
}

impl WrittenOn {
    fn read(self) -> Result<On, MobileError> {
        Ok(match self {
            Self::Patrol => On::Patrol,
            Self::Point { id: point } => On::Point(id("point", CheckpointId::from_hex(&point))?),
            Self::Scan { record } => On::Scan(id("record", Hash::from_hex(&record))?),
            Self::Writing { id } => On::Writing(id),
            Self::Flag { id: flag } => On::Flag(id("flag", Hash::from_hex(&flag))?),
        })
    }
}

impl From<CheckAnswer> for page::Answer {
    fn from(answer: CheckAnswer) -> Self {
        match answer {
            CheckAnswer::YesNo { yes } => Self::Yes(yes),
            CheckAnswer::Number { milli } => Self::Milli(milli),
            CheckAnswer::Words { text } => Self::Text(text),
        }
    }
}

impl PageDraft {
    fn read(self) -> Result<Draft, MobileError> {
        let flag_id = |flag: String| id("flag", Hash::from_hex(&flag));
        Ok(match self {
            Self::Remark { on, text } => Draft::Remark { on: on.read()?, text },
            Self::Answer { point, item, answer } => Draft::Answer {
                point: id("point", CheckpointId::from_hex(&point))?,
                item,
                answer: answer.into(),
            },
            Self::Reason { on, code, text } => {
                Draft::Reason { on: on.read()?, code: code.number(), text }
            }
            Self::Accept { reason, accepted } => Draft::Accept { reason, accepted },
            Self::Incident { on, claimed, text } => {
                Draft::Incident { on: on.read()?, claimed, text }
            }
            Self::Amendment { incident, text } => Draft::Amendment { incident, text },
            Self::Defect { on, text } => Draft::Defect { on: on.read()?, text },
            Self::DefectState { defect, open } => Draft::DefectState { defect, open },
            Self::Handover { text } => Draft::Handover { text },
            Self::Countersign { text } => Draft::Countersign { text },
            Self::Reply { flag, text } => Draft::Reply { flag: flag_id(flag)?, text },
            Self::Review { on, text } => Draft::Review { on: on.read()?, text },
            Self::Disposition { flag, outcome, text } => {
                let outcome = match outcome {
                    FlagOutcome::Explained => 1,
                    FlagOutcome::Corrected => 2,
                    FlagOutcome::Confirmed => 3,
                };
                Draft::Disposition { flag: flag_id(flag)?, outcome, text }
            }
            Self::Correct { kind, id, text } => Draft::Correct { kind: kind.into(), id, text },
            Self::TakeBack { kind, id } => Draft::TakeBack { kind: kind.into(), id },
            Self::Close => Draft::Close,
        })
    }
}

/// The kinds have the same names on both sides.
macro_rules! kinds {
    ($($kind:ident),*) => {
        impl From<WritingKind> for page::WritingKind {
            fn from(kind: WritingKind) -> Self {
                match kind { $(WritingKind::$kind => Self::$kind,)* }
            }
        }

        impl From<page::WritingKind> for WritingKind {
            fn from(kind: page::WritingKind) -> Self {
                match kind { $(page::WritingKind::$kind => Self::$kind,)* }
            }
        }
    };
}

kinds!(
    Remark,
    Answer,
    Reason,
    Incident,
    Amendment,
    Defect,
    Handover,
    Countersignature,
    Reply,
    Review,
    Disposition
);

impl From<&Value> for PageValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) => Self::Words { text: text.clone() },
            Value::Int(number) => Self::Number { number: *number },
        }
    }
}

impl PageVersion {
    fn of(version: &page::Version) -> Self {
        Self {
            value: version.value.as_ref().map(PageValue::from),
            device: version.by.dev.to_string(),
            crew: crew_of(&version.by),
            stands: version.stands,
            counts: version.counts,
            after_closing: version.after_closing,
        }
    }
}

impl PageWriting {
    fn of(writing: &page::Writing) -> Self {
        let fields = writing.fields.iter().map(|(name, field)| PageField {
            name: (*name).to_owned(),
            value: field.current().and_then(|it| it.value.as_ref()).map(PageValue::from),
            versions: field.versions.iter().map(PageVersion::of).collect(),
        });
        Self {
            kind: writing.kind.into(),
            id: writing.id.clone(),
            device: writing.by.map(|by| by.dev.to_string()),
            crew: writing.by.as_ref().and_then(crew_of),
            fields: fields.collect(),
        }
    }
}

fn crew_of(author: &Author) -> Option<u32> {
    Some(author.crew).filter(|crew| *crew != CrewNo::NOBODY).map(|crew| crew.0)
}

impl CheckItem {
    fn of(item: &str, asked: &check::Check) -> Self {
        let kind = match asked.kind {
            check::CheckKind::YesNo => CheckKind::YesNo,
            check::CheckKind::Number => CheckKind::Number,
            check::CheckKind::Text => CheckKind::Words,
        };
        Self {
            item: item.to_owned(),
            ask: asked.ask.clone(),
            kind,
            unit: asked.unit.clone(),
            min_milli: asked.min_milli,
            max_milli: asked.max_milli,
        }
    }
}

#[uniffi::export]
impl Phone {
    /// What is asked at a checkpoint.
    pub fn checklist(&self, checkpoint: String) -> Result<Vec<CheckItem>, MobileError> {
        guard("checklist", || {
            let checkpoint = id("checkpoint", CheckpointId::from_hex(&checkpoint))?;
            let view = self.recorder.shown()?;
            let asked = view.plan.checkpoints.get(&checkpoint);
            let items = asked.iter().flat_map(|point| &point.checks);
            Ok(items.map(|(item, asked)| CheckItem::of(item, asked)).collect())
        })
    }

    /// A Page, as far as it is here.
    pub fn page(&self, subject: PageSubject) -> Result<Page, MobileError> {
        let subject = subject.read()?;
        guard("page", || {
            let page = self.recorder.look(|phone, _| phone.page(subject))??;
            Ok(Page {
                closed: page.closed.is_some(),
                writings: page.writings.iter().map(PageWriting::of).collect(),
                unknown: page.unknown,
            })
        })
    }

    /// Writes on a Page. Durable when this returns; says the id of a writing that it began.
    pub fn write(
        &self,
        subject: PageSubject,
        draft: PageDraft,
    ) -> Result<Option<String>, MobileError> {
        let (subject, draft) = (subject.read()?, draft.read()?);
        let begins = !matches!(
            draft,
            Draft::Answer { .. }
                | Draft::Accept { .. }
                | Draft::DefectState { .. }
                | Draft::Correct { .. }
                | Draft::TakeBack { .. }
                | Draft::Close
        );
        self.recording("write", &[Change::Page, Change::Sync], |phone, reading| {
            let written = phone.write_page(subject, &draft, reading)?;
            Ok(begins.then_some(written.id))
        })
    }
}
