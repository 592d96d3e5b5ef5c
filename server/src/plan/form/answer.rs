//! Reading the answers of a form strictly, with a mistake named beside the question it is in.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::plan::document::MAX_TEXT;

use crate::page::form::Fields;

/// What is wrong with the answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes {
    /// By the name of the field; the empty name is the form as a whole.
    pub by_field: BTreeMap<String, String>,
    /// Whether what the form is about is not in the plan any more, so that filling it in again is no help.
    pub gone: bool,
}

impl Mistakes {
    /// One mistake of the form as a whole.
    pub fn whole(what: impl Into<String>) -> Self {
        Self { by_field: [(String::new(), what.into())].into(), gone: false }
    }
}

/// The answers while they are read.
#[derive(Debug)]
pub struct Answers<'f> {
    fields: &'f Fields,
    mistakes: Mistakes,
    known: BTreeSet<String>,
}

impl<'f> Answers<'f> {
    /// Nothing is read yet.
    pub fn new(fields: &'f Fields) -> Self {
        Self { fields, mistakes: Mistakes::default(), known: BTreeSet::new() }
    }

    /// The plan if nothing was wrong and every field was asked for.
    pub fn finished<T>(mut self, plan: T) -> Result<T, Mistakes> {
        if self.mistakes.by_field.is_empty() {
            let strange = self.fields.keys().find(|name| !self.known.contains(*name));
            if let Some(name) = strange {
                let name: String = name.chars().take(40).collect();
                self.whole(format!("This form has no field “{name}”. Open it again."));
            }
        }
        if self.mistakes.by_field.is_empty() { Ok(plan) } else { Err(self.mistakes) }
    }

    /// Names a mistake in a field; the first one counts.
    pub fn mistake(&mut self, name: &str, what: impl Into<String>) {
        self.mistakes.by_field.entry(name.to_owned()).or_insert_with(|| what.into());
    }

    /// Names a mistake of the form as a whole.
    pub fn whole(&mut self, what: impl Into<String>) {
        self.mistake("", what);
    }

    /// Says that what the form is about is not in the plan any more.
    pub fn gone(&mut self, what: impl Into<String>) {
        self.mistakes = Mistakes { gone: true, ..Mistakes::whole(what) };
    }

    /// A field as it is, without the space around it.
    pub fn known(&mut self, name: &str) -> &'f str {
        self.known.insert(name.to_owned());
        self.fields.get(name).map_or("", |text| text.trim())
    }

    /// The names of fields that begin with `prefix`.
    pub fn names(&self, prefix: &str) -> Vec<&'f str> {
        let names = self.fields.keys().filter(|name| name.starts_with(prefix));
        names.map(String::as_str).collect()
    }

    /// A line of text within the plan's limit.
    pub fn line(&mut self, name: &str) -> String {
        let text = self.known(name);
        if text.chars().count() > MAX_TEXT {
            self.mistake(name, format!("Longer than {MAX_TEXT} characters. Shorten it."));
        }
        if text.chars().any(char::is_control) {
            self.mistake(name, "Has line breaks or control characters. Write it on one line.");
        }
        text.to_owned()
    }

    /// A line that must not be empty.
    pub fn needed_line(&mut self, name: &str) -> String {
        let text = self.line(name);
        if text.is_empty() {
            self.mistake(name, "Empty. Fill it in.");
        }
        text
    }

    /// A whole number in a range; `None` where it is empty.
    pub fn number(&mut self, name: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let text = self.known(name);
        if text.is_empty() {
            return None;
        }
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| plain && range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.mistake(name, format!("Not a whole number from {least} to {most}."));
        }
        number
    }

    /// A whole number that must be there.
    pub fn needed_number(&mut self, name: &str, range: std::ops::RangeInclusive<u32>) -> u32 {
        let number = self.number(name, range);
        if number.is_none() {
            self.mistake(name, "Empty. Fill in a number.");
        }
        number.unwrap_or(0)
    }

    /// Something that `read` makes of a field.
    pub fn read<T>(
        &mut self,
        name: &str,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.known(name));
        if value.is_none() {
            self.mistake(name, what);
        }
        value
    }
}
