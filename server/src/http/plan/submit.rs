//! `POST /vessels/{id}/plan`: a form of the editor. Shows what it would change; writes only what was confirmed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use deckwatch_core::model::VesselId;

use super::super::{
    Web,
    form::{MOST_BYTES, fields_of},
    origin, reply,
};
use crate::page::layout::Palette;
use crate::page::problem::ProblemPage;
use crate::plan::{
    edit::{Outcome, Submission, submit},
    form::{self, Mistakes},
};
use crate::projection::view;
use crate::shore::Shore;

/// 64 KiB at 16 kbit/s take half a minute.
const PATIENCE: Duration = Duration::from_secs(60);
const FORM: &str = "application/x-www-form-urlencoded";

pub(in crate::http) async fn take(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let refused = |status, what: &str, hint| reply::refused(&web, &headers, status, what, hint);
    if let Err(foreign) = origin::own(&headers) {
        let hint =
            "Nothing was changed. Open the plan on this server and send the form from there.";
        return refused(StatusCode::FORBIDDEN, &foreign.to_string(), hint);
    }
    let open_again =
        "Nothing was changed. Open the form again from the plan, and fill it in once more.";
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.and_then(|media| media.split(';').next()).map(str::trim);
    if media != Some(FORM) || headers.contains_key(header::CONTENT_ENCODING) {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This is no form", open_again);
    }
    let bytes = match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let what = "The form is larger than 64 KiB, or it broke off";
            return refused(StatusCode::PAYLOAD_TOO_LARGE, what, open_again);
        }
        Err(_) => {
            let what = "The form took longer than a minute to arrive";
            return refused(StatusCode::REQUEST_TIMEOUT, what, open_again);
        }
    };
    let fields = match fields_of(&bytes) {
        Ok(fields) => fields,
        Err(error) => {
            let what = format!("This form cannot be read: {error}");
            return refused(StatusCode::BAD_REQUEST, &what, open_again);
        }
    };
    let Some(submission) = Submission::read(fields) else {
        let what = "This is no form of the plan editor";
        return refused(StatusCode::BAD_REQUEST, what, open_again);
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
