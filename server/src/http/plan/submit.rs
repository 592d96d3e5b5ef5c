//! `POST /vessels/{id}/plan`: a form of the editor. Shows what it would change; writes only what was confirmed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use deckwatch_core::model::VesselId;

use super::super::{Web, form::posted, reply};
use crate::page::layout::Palette;
use crate::page::problem::ProblemPage;
use crate::plan::{
    edit::{Outcome, Submission, submit},
    form::{self, Mistakes},
};
use crate::projection::view;
use crate::shore::Shore;

const OPEN_AGAIN: &str =
    "Nothing was changed. Open the form again from the plan, and fill it in once more.";

pub(in crate::http) async fn take(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let fields = match posted(&web, &headers, body, OPEN_AGAIN).await {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let Some(submission) = Submission::read(fields) else {
        let (status, what) = (StatusCode::BAD_REQUEST, "This is no form of the plan editor");
        return reply::refused(&web, &headers, status, what, OPEN_AGAIN);
    };
    let palette = reply::Colours::of(&reply::Wish::default(), &headers).palette;
    let shore = Arc::clone(&web.shore);
    let decided = tokio::task::spawn_blocking(move || {
        let vessel = VesselId::from_hex(&id).map_err(|_| reply::NoPage::NotFound("vessel"))?;
        decided(&shore, palette, vessel, submission)
    });
    let decided =
        decided.await.unwrap_or_else(|stopped| Err(reply::NoPage::Failed(stopped.into())));
    match decided {
        Ok(Answer::Page(status, html)) => reply::unkept(status, html),
        Ok(Answer::Elsewhere(address)) => reply::elsewhere(&address),
        Err(no_page) => reply::no_page(no_page, palette, web.shore.now()),
    }
}

enum Answer {
    Page(StatusCode, String),
    Elsewhere(String),
}

fn decided(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    mut submission: Submission,
) -> Result<Answer, reply::NoPage> {
    let outcome = reply::known_vessel(submit(shore, vessel, &mut submission))?;
    let nothing = || reply::NoPage::NotFound("vessel");
    let plan = format!("/vessels/{vessel}/plan");
    Ok(match outcome {
        Outcome::Saved(_) => Answer::Elsewhere(format!("{plan}?saved=yes")),
        Outcome::Nothing => Answer::Elsewhere(plan),
        Outcome::Preview(preview) => {
            let page = view::plan_preview(shore, palette, vessel, &submission, *preview)?;
            Answer::Page(StatusCode::OK, reply::html(&page.ok_or_else(nothing)?)?)
        }
        Outcome::Unclear(mistakes) => {
            let fine = mistakes.by_field.is_empty();
            let status = if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let page = form_again(shore, palette, vessel, &submission, mistakes)?;
            Answer::Page(status, page)
        }
    })
}

/// The form as it was filled in, with what is wrong in it.
fn form_again(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    submission: &Submission,
    mistakes: Mistakes,
) -> Result<String, reply::NoPage> {
    let nothing = || reply::NoPage::NotFound("vessel");
    let (plan, _) = shore.plan(vessel)?;
    let sheet = form::sheet_again(submission.kind, &submission.fields, &plan);
    let Some(sheet) = sheet.filter(|_| !mistakes.gone) else {
        // Nothing to fill in again: what it was for has gone, or was a button.
        let what = mistakes.by_field.values().next().cloned().unwrap_or_default();
        let found = view::plan_shell(shore, palette, vessel, "Not done")?;
        let (shell, _) = found.ok_or_else(nothing)?;
        let status = StatusCode::UNPROCESSABLE_ENTITY.as_u16();
        let hint = if mistakes.gone {
            "Nothing was changed. Go back to the plan, and see what it says now."
        } else {
            "Nothing was changed. Take it out there first."
        };
        let mut page = ProblemPage::not_done(shell, status, &what, hint);
        page.back = Some((format!("/vessels/{vessel}/plan"), "Go back to the plan".to_owned()));
        return reply::html(&page);
    };
    let mut hidden = submission.own_fields();
    hidden.extend(form::unasked(&sheet, &submission.fields));
    let parts = (hidden, submission.fields.clone(), mistakes);
    let page = view::plan_form(shore, palette, vessel, sheet, parts)?.ok_or_else(nothing)?;
    reply::html(&page)
}
