//! What people wrote about a patrol: each word with its author, when it was written, and what stood
//! there before.

use deckwatch_core::{
    model::{CrewNo, DeviceId, PageSubject, VesselId},
    time::Day,
};

use super::freshness::short_device;
use super::moment::Span;

/// Everything written on one Page.
#[derive(Debug, Clone, Default)]
pub struct WritingsView {
    /// In the order to show.
    pub writings: Vec<WritingView>,
    /// Who closed the Page after review.
    pub closed: Option<WriterView>,
    /// Who opened it again, if it was closed and is not any more.
    pub reopened: Option<WriterView>,
    /// Writings that are not shown because there are too many.
    pub more: usize,
    /// What it is about: "patrol", "day".
    pub whole: &'static str,
    /// What somebody ashore may do to the whole of it.
    pub acts: Vec<ActLink>,
    /// Whether something was written just now.
    pub saved: bool,
}

/// A link to a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActLink {
    /// Where.
    pub href: String,
    /// What it does.
    pub words: &'static str,
}

/// Where the page of a subject is.
pub fn address(vessel: VesselId, subject: PageSubject) -> String {
    match subject {
        PageSubject::Due(due) => format!("/patrols/{due}"),
        PageSubject::Unplanned { dev, patrol } => {
            format!("/vessels/{vessel}/unplanned/{dev}/{patrol}")
        }
        PageSubject::Day(day) => {
            let day = Day(i32::try_from(day).unwrap_or(i32::MAX));
            format!("/vessels/{vessel}/days/{day}")
        }
    }
}

/// One writing.
#[derive(Debug, Clone)]
pub struct WritingView {
    /// "Remark", "Incident".
    pub kind: &'static str,
    /// Its id: the beginning stands beside amendments and what refers to it.
    pub id: String,
    /// What it is about: "the whole patrol", "CO2 room".
    pub about: String,
    /// The place on this page that it is about.
    pub target: Option<String>,
    /// What counts now; several were written at once.
    pub says: Vec<SaidView>,
    /// "accepted by …", "closed by …", "within 0 to 60.5 °C".
    pub state: Vec<StateView>,
    /// Everything else that was said there, oldest first.
    pub before: Vec<SaidView>,
    /// What somebody ashore may do to it.
    pub acts: Vec<ActLink>,
}

/// Something that somebody said.
#[derive(Debug, Clone)]
pub struct SaidView {
    /// The words; `None`: taken back.
    pub text: Option<String>,
    /// Who.
    pub by: WriterView,
    /// "written over", "does not count: …", "after the page was closed".
    pub notes: Vec<&'static str>,
}

/// Who wrote something, and when.
#[derive(Debug, Clone)]
pub struct WriterView {
    /// The device.
    pub device: DeviceId,
    /// Who was logged in.
    pub crew: CrewNo,
    /// "ship security officer", "shore"; empty for crew.
    pub role: &'static str,
    /// When.
    pub at: Span,
}

/// What became of a writing.
#[derive(Debug, Clone)]
pub struct StateView {
    /// The words.
    pub words: String,
    /// Who said so, where that is not who began it; nobody where it follows from the plan.
    pub by: Option<WriterView>,
    /// How it is meant.
    pub tone: Tone,
}

/// How a state is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A fact.
    Plain,
    /// Settled.
    Settled,
    /// Worth a look.
    Look,
}

impl StateView {
    /// A mark beside the words: colour alone says nothing.
    pub fn glyph(&self) -> &'static str {
        match self.tone {
            Tone::Plain => "i",
            Tone::Settled => "✓",
            Tone::Look => "!",
        }
    }

    /// The class of the mark.
    pub fn class(&self) -> &'static str {
        match self.tone {
            Tone::Plain => "s-none",
            Tone::Settled => "s-done",
            Tone::Look => "s-irregular",
        }
    }
}

impl WriterView {
    /// "crew 11, device 0a1b2c3d", "the shore".
    pub fn words(&self) -> String {
        let device = short_device(self.device);
        match (self.role, self.crew) {
            ("shore", CrewNo::NOBODY) => "the shore".to_owned(),
            ("", crew) => format!("{crew}, device {device}"),
            (role, CrewNo::NOBODY) => format!("{role}, device {device}"),
            (role, crew) => format!("{crew}, {role}, device {device}"),
        }
    }
}

impl WritingView {
    /// The first digits of the id.
    pub fn short(&self) -> &str {
        self.id.get(..6).unwrap_or(&self.id)
    }
}
