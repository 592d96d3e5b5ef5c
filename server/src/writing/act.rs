//! What may be done to what stands on a Page.

use deckwatch_core::{
    model::DeviceId,
    page::{Field, PageContent, Writing, WritingKind, keys},
};

/// What somebody ashore does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Writes a remark.
    Remark,
    /// Says something to a writing or a flag.
    Answer,
    /// Has read the Page.
    Countersign,
    /// Says what came of a flag.
    Settle,
    /// Accepts a reason, or does not.
    Accept,
    /// Closes a defect, or opens it again.
    Defect,
    /// Writes over an own text.
    Correct,
    /// Takes back an own text.
    TakeBack,
    /// Closes the Page.
    Close,
    /// Opens it again.
    Reopen,
}

impl Act {
    const ALL: [Self; 10] = [
        Self::Remark,
        Self::Answer,
        Self::Countersign,
        Self::Settle,
        Self::Accept,
        Self::Defect,
        Self::Correct,
        Self::TakeBack,
        Self::Close,
        Self::Reopen,
    ];

    /// As its form names itself.
    pub fn word(self) -> &'static str {
        match self {
            Self::Remark => "remark",
            Self::Answer => "answer",
            Self::Countersign => "countersign",
            Self::Settle => "settle",
            Self::Accept => "accept",
            Self::Defect => "defect",
            Self::Correct => "correct",
            Self::TakeBack => "take_back",
            Self::Close => "close",
            Self::Reopen => "reopen",
        }
    }

    /// Reads [`Act::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// The words of the link to its form.
    pub fn words(self) -> &'static str {
        match self {
            Self::Remark => "Write a remark",
            Self::Answer => "Answer",
            Self::Countersign => "Countersign",
            Self::Settle => "Settle",
            Self::Accept => "Decide",
            Self::Defect => "Close or reopen",
            Self::Correct => "Correct",
            Self::TakeBack => "Take back",
            Self::Close => "Close this page",
            Self::Reopen => "Open it again",
        }
    }

    /// Whether it is about what stands there, so that it must not be done to anything else. What only adds a word is
    /// not.
    pub fn needs_sight(self) -> bool {
        !matches!(self, Self::Remark | Self::Answer)
    }

    /// Whether it is shown once more before it is done. Closing and taking back show what they do on their form.
    pub fn is_previewed(self) -> bool {
        matches!(self, Self::Settle | Self::Accept)
    }
}

/// Whether somebody wrote what counts now of a reason: that is nobody to accept it.
pub fn wrote_any(writing: &Writing, dev: DeviceId) -> bool {
    let of = |name: &str| writing.fields.get(name).and_then(Field::current);
    ["on", "text"].into_iter().filter_map(of).any(|version| version.by.dev == dev)
}

/// What the shore may do to one writing.
pub fn acts_on(writing: &Writing, shore: DeviceId) -> Vec<Act> {
    let stands = writing.fields.get("text").and_then(Field::current).is_some();
    let own = writing.by.is_some_and(|by| by.dev == shore);
    let mut acts = Vec::new();
    match writing.kind {
        WritingKind::Reason if stands && !wrote_any(writing, shore) => acts.push(Act::Accept),
        WritingKind::Defect => acts.push(Act::Defect),
        _ => {}
    }
    // An answer to a checklist is named by its point: what is said to it stands on the point.
    if stands && !own && keys::is_id(&writing.id) {
        acts.push(Act::Answer);
    }
    if stands && own && keys::is_id(&writing.id) {
        acts.extend([Act::Correct, Act::TakeBack]);
    }
    acts
}

/// What the shore may do to the whole of a Page.
pub fn acts_on_page(page: &PageContent) -> &'static [Act] {
    if page.closed.is_some() {
        &[Act::Reopen]
    } else {
        &[Act::Remark, Act::Countersign, Act::Close]
    }
}
