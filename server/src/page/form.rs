//! Forms: what they ask, the answers so far, and what is wrong with them.

use std::collections::BTreeMap;

/// Names and values of a form, as they were filled in.
pub type Fields = BTreeMap<String, String>;

/// How one question of a form looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// A line of text.
    Line,
    /// A number.
    Number,
    /// A day.
    Day,
    /// A time of day.
    Clock,
    /// Several lines.
    Area,
    /// One of these: value, words.
    Choice(Vec<(String, String)>),
}

/// One question of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name of its field.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// How to answer; may be empty.
    pub hint: String,
    /// How it looks.
    pub look: Look,
    /// Whether it may stay empty.
    pub optional: bool,
}

impl Question {
    /// A question that must be answered.
    pub fn new(name: &str, label: &str, look: Look) -> Self {
        let (name, label) = (name.to_owned(), label.to_owned());
        Self { name, label, hint: String::new(), look, optional: false }
    }

    /// With a hint.
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = hint.to_owned();
        self
    }

    /// That may stay empty.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// What a form asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// What it does: "Edit checkpoint Bow".
    pub title: String,
    /// What to know before filling it in; may be empty.
    pub about: String,
    /// The questions.
    pub questions: Vec<Question>,
    /// The positions of a route's points, asked as one table.
    pub positions: Vec<Question>,
    /// What may be taken out with it: the fields of that form, and the words of the button.
    pub removal: Option<(Fields, String)>,
}

/// A form to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What it asks.
    pub sheet: Sheet,
    /// What it carries unseen: its kind, the version it was made from, what it is about.
    pub hidden: Fields,
    /// The answers so far.
    pub values: Fields,
    /// What is wrong, by field; the empty name is the form as a whole.
    pub mistakes: BTreeMap<String, String>,
}

impl Form {
    /// The answer so far.
    pub fn value(&self, question: &Question) -> &str {
        self.values.get(&question.name).map_or("", String::as_str)
    }

    /// What is wrong with the answer.
    pub fn mistake(&self, question: &Question) -> Option<&str> {
        self.mistakes.get(&question.name).map(String::as_str)
    }

    /// What is wrong with the form as a whole.
    pub fn whole(&self) -> Option<&str> {
        self.mistakes.get("").map(String::as_str)
    }

    /// What is wrong, with the questions.
    pub fn wrong(&self) -> Vec<(&Question, &str)> {
        let questions = self.sheet.questions.iter().chain(&self.sheet.positions);
        questions.filter_map(|one| Some((one, self.mistake(one)?))).collect()
    }

    /// The choices of a question.
    pub fn choices<'q>(&self, question: &'q Question) -> &'q [(String, String)] {
        match &question.look {
            Look::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// The `type` and `inputmode` of an input.
    pub fn input(&self, question: &Question) -> (&'static str, &'static str) {
        match question.look {
            Look::Number => ("text", "numeric"),
            Look::Day => ("date", "text"),
            Look::Clock => ("time", "text"),
            _ => ("text", "text"),
        }
    }

    /// What describes a question: its hint, its mistake.
    pub fn described_by(&self, question: &Question) -> String {
        let hint = (!question.hint.is_empty()).then(|| format!("hint-{}", question.name));
        let mistake = self.mistake(question).map(|_| format!("wrong-{}", question.name));
        hint.into_iter().chain(mistake).collect::<Vec<_>>().join(" ")
    }
}
