//! A form of the plan editor, `/vessels/{id}/plan/edit`, and the same form with what was wrong in it.

use askama::Template;
use deckwatch_core::model::VesselId;

use crate::page::form::Form;
use crate::page::layout::{Here, Shell};

/// The page of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "plan_form.html")]
pub struct FormPage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// The form.
    pub form: Form,
}
