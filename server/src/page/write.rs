//! A form of a Page, `…/write`: what somebody ashore writes about a patrol or a day.

use askama::Template;
use deckwatch_core::model::VesselId;

use super::form::Form;
use super::layout::{Here, Shell};
use super::writing::WritingView;

/// The page of a form, and the same form before it is confirmed.
#[derive(Debug, Clone, Template)]
#[template(path = "write.html")]
pub struct WritePage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// Where the page is that is written on.
    pub base: String,
    /// What that page is called.
    pub title: String,
    /// Ship time minus UTC.
    pub offset_minutes: i32,
    /// The form.
    pub form: Form,
    /// The words of its button.
    pub send: &'static str,
    /// The writing that it is about.
    pub quote: Option<WritingView>,
    /// The flag that it is about, in a sentence.
    pub flag: Option<String>,
    /// What is not settled on a page that would be closed.
    pub unsettled: Vec<String>,
    /// Whether the page was written on since the form was opened.
    pub moved_on: bool,
    /// What would be put on record, before it is: what, and how it reads.
    pub told: Vec<(&'static str, String)>,
}

impl WritePage {
    /// Whether it is to be confirmed.
    pub fn is_preview(&self) -> bool {
        !self.told.is_empty()
    }
}
