//! What a reader sees when a page cannot be shown: what happened, and what to do.

use askama::Template;

use super::layout::{Here, Shell};

/// The page of an error.
#[derive(Debug, Clone, Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// What stands around it.
    pub shell: Shell,
    /// The HTTP status.
    pub status: u16,
    /// What happened, as a headline.
    pub what: String,
    /// What to do.
    pub hint: String,
    /// What to quote to whoever runs this server, and to look for in its log.
    pub reference: Option<String>,
    /// Where to go back to, beside the fleet: address, words.
    pub back: Option<(String, String)>,
}

impl ProblemPage {
    /// 404: there is no such `thing` ("vessel", "due patrol", "page"), or this reader may not see it.
    pub fn not_found(mut shell: Shell, thing: &str) -> Self {
        shell.title = "Not found".to_owned();
        Self {
            shell,
            status: 404,
            what: format!("There is no such {thing} here"),
            hint: "Check the address, or start from the fleet. A link to a patrol stays valid \
                   for ever; a mistyped one looks the same as one you may not see."
                .to_owned(),
            reference: None,
            back: None,
        }
    }

    /// 500: the page could not be made.
    pub fn broken(mut shell: Shell, reference: &str) -> Self {
        shell.title = "Something failed".to_owned();
        Self {
            shell,
            status: 500,
            what: "This page could not be made".to_owned(),
            hint: "No record is lost by this: records are stored before anything reads them. \
                   Try again; if it stays, give the reference below to whoever runs this server."
                .to_owned(),
            reference: Some(reference.to_owned()),
            back: None,
        }
    }

    /// What a form asked for was not done.
    pub fn not_done(mut shell: Shell, status: u16, what: &str, hint: &str) -> Self {
        shell.title = "Not done".to_owned();
        let (what, hint) = (what.to_owned(), hint.to_owned());
        Self { shell, status, what, hint, reference: None, back: None }
    }
}
