//! The keys of a Page, `KIND/ID/FIELD`, and who may write which: the table of FORMAT.md section 17.

use crate::{
    authority::Roles,
    document::Value,
    model::{CheckpointId, DeviceId, DueId, PageSubject, is_hidden},
    plan::check::is_item,
};

/// The key that says what a Page is about.
pub const ABOUT: &str = "page/about";
/// The key with which a Page is closed.
pub const CLOSED: &str = "page/closed";
/// Characters of a text that a person writes.
pub const MAX_TEXT: usize = 2_000;
/// Characters of a text that names something.
const MAX_NAME: usize = 80;

/// The kinds of writings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
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

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text of so many characters at most.
    Text(usize),
    /// A whole number in this range.
    Int(i64, i64),
}

/// Who may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Every certified device of the vessel.
    Anyone,
    /// A ship security officer's device, or the shore.
    Reviewer,
}

/// One field of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Its name, the last part of the key.
    pub name: &'static str,
    /// What it holds.
    pub form: Form,
    /// Who may write it.
    pub by: By,
}

const fn text(name: &'static str, most: usize) -> FieldRule {
    FieldRule { name, form: Form::Text(most), by: By::Anyone }
}

const fn int(name: &'static str, least: i64, most: i64) -> FieldRule {
    FieldRule { name, form: Form::Int(least, most), by: By::Anyone }
}

const fn reviewed(rule: FieldRule) -> FieldRule {
    FieldRule { by: By::Reviewer, ..rule }
}

const ON: FieldRule = text("on", MAX_NAME);
const TEXT: FieldRule = text("text", MAX_TEXT);

/// The rule of [`CLOSED`]: 1 closed, 0 open again.
pub(super) const CLOSING: FieldRule = reviewed(int("closed", 0, 1));

impl WritingKind {
    /// All kinds, in the order in which pages show them.
    pub const ALL: [Self; 11] = [
        Self::Incident,
        Self::Amendment,
        Self::Defect,
        Self::Reason,
        Self::Answer,
        Self::Remark,
        Self::Handover,
        Self::Reply,
        Self::Review,
        Self::Disposition,
        Self::Countersignature,
    ];

    /// As it stands in keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Remark => "remark",
            Self::Answer => "answer",
            Self::Reason => "reason",
            Self::Incident => "incident",
            Self::Amendment => "amendment",
            Self::Defect => "defect",
            Self::Handover => "handover",
            Self::Countersignature => "countersignature",
            Self::Reply => "reply",
            Self::Review => "review",
            Self::Disposition => "disposition",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Its fields.
    pub fn fields(self) -> &'static [FieldRule] {
        match self {
            Self::Remark => const { &[ON, TEXT] },
            // A number is in thousandths; yes is 1, no is 0.
            Self::Answer => {
                const { &[int("yes", 0, 1), int("milli", i64::MIN, i64::MAX), text("text", MAX_TEXT)] }
            }
            // Codes as in patrol_end; accepted: 1 accepted, 2 not accepted.
            Self::Reason => {
                const { &[ON, int("code", 0, 255), TEXT, reviewed(int("accepted", 1, 2))] }
            }
            Self::Incident => const { &[ON, int("claimed", 0, i64::MAX), TEXT] },
            Self::Amendment => const { &[text("of", MAX_NAME), TEXT] },
            // 1 open, 2 closed.
            Self::Defect => const { &[ON, TEXT, int("state", 1, 2)] },
            Self::Handover => const { &[TEXT] },
            Self::Countersignature => const { &[reviewed(TEXT)] },
            Self::Reply => const { &[text("flag", MAX_NAME), TEXT] },
            Self::Review => const { &[reviewed(ON), reviewed(TEXT)] },
            // 1 explained, 2 corrected, 3 confirmed.
            Self::Disposition => {
                const {
                    &[
                        reviewed(text("flag", MAX_NAME)),
                        reviewed(int("outcome", 1, 3)),
                        reviewed(TEXT),
                    ]
                }
            }
        }
    }

    /// The rule of one of its fields.
    pub fn field(self, name: &str) -> Option<FieldRule> {
        self.fields().iter().find(|rule| rule.name == name).copied()
    }
}

impl FieldRule {
    /// Whether it may hold this value.
    pub fn holds(&self, value: &Value) -> bool {
        match (self.form, value) {
            (Form::Text(most), Value::Text(text)) => {
                text.chars().count() <= most && !text.chars().any(is_hidden)
            }
            (Form::Int(least, most), Value::Int(int)) => (least..=most).contains(int),
            _ => false,
        }
    }
}

impl By {
    /// Whether a device with these roles may write it.
    pub fn allows(self, roles: Roles) -> bool {
        match self {
            Self::Anyone => roles != Roles::NONE,
            Self::Reviewer => roles.may_edit_plan(),
        }
    }
}

/// Splits a key. The id is checked for its form only.
pub fn split(key: &str) -> Option<(WritingKind, &str, FieldRule)> {
    let mut parts = key.split('/');
    let (kind, id, field) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = WritingKind::from_word(kind)?;
    let known = match kind {
        WritingKind::Answer => answer_of(id).is_some(),
        _ => is_id(id),
    };
    (known && parts.next().is_none()).then_some((kind, id, kind.field(field)?))
}

/// The id of a writing: 8 random bytes in hex.
pub fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The id of an answer: two phones that answer one item write one register.
pub fn answer_id(point: CheckpointId, item: &str) -> String {
    format!("{point}:{item}")
}

/// The point and the item of an answer's id.
pub fn answer_of(id: &str) -> Option<(CheckpointId, &str)> {
    let (point, item) = id.split_once(':')?;
    (is_id(point) && is_item(item)).then_some((CheckpointId::from_hex(point).ok()?, item))
}

/// What a Page is about, as a text: the id of the Page can be computed from it.
pub fn about(subject: PageSubject) -> String {
    match subject {
        PageSubject::Due(due) => format!("due {due}"),
        PageSubject::Unplanned { dev, patrol } => format!("unplanned {dev} {patrol}"),
        PageSubject::Day(day) => format!("day {day}"),
    }
}

/// Reads what [`about`] wrote.
pub fn subject_of(text: &str) -> Option<PageSubject> {
    let mut words = text.split(' ');
    let subject = match words.next()? {
        "due" => PageSubject::Due(DueId::from_hex(words.next()?).ok()?),
        "unplanned" => PageSubject::Unplanned {
            dev: DeviceId::from_hex(words.next()?).ok()?,
            patrol: words.next()?.parse().ok()?,
        },
        "day" => PageSubject::Day(words.next()?.parse().ok()?),
        _ => return None,
    };
    (words.next().is_none() && about(subject) == text).then_some(subject)
}
