//! `POST …/write`: a form of a Page. Shows once more what costs; writes what was confirmed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::super::{Web, form::posted, reply};
use super::Place;
use crate::page::layout::Palette;
use crate::projection::view;
use crate::shore::Shore;
use crate::writing::{
    form,
    submit::{Outcome, Submission, submit},
};

const OPEN_AGAIN: &str = "Nothing was written. Open the form again from the page of the patrol or day, and fill it in once more.";

pub(in crate::http) async fn of_due(
    State(web): State<Web>,
    Path(due): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(web, Place::Due(due), headers, body).await
}

pub(in crate::http) async fn of_day(
    State(web): State<Web>,
    Path((id, day)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(web, Place::Day(id, day), headers, body).await
}

pub(in crate::http) async fn of_unplanned(
    State(web): State<Web>,
    Path((id, dev, patrol)): Path<(String, String, u64)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(web, Place::Unplanned(id, dev, patrol), headers, body).await
}

async fn take(web: Web, place: Place, headers: HeaderMap, body: Body) -> Response {
    let fields = match posted(&web, &headers, body, OPEN_AGAIN).await {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let Some(submission) = Submission::read(fields) else {
        let (status, what) = (StatusCode::BAD_REQUEST, "This is no form of a page");
        return reply::refused(&web, &headers, status, what, OPEN_AGAIN);
    };
    let palette = reply::Colours::of(&reply::Wish::default(), &headers).palette;
    let shore = Arc::clone(&web.shore);
    let decided =
        tokio::task::spawn_blocking(move || decided(&shore, palette, &place, &submission));
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
    place: &Place,
    submission: &Submission,
) -> Result<Answer, reply::NoPage> {
    let scene = place.scene(shore)?;
    let again = |scene, submission: &Submission, wrong| {
        reply::html(&view::write_form(shore, palette, scene, submission, wrong)?)
    };
    Ok(match submit(shore, &scene.desk, submission)? {
        Outcome::Written => Answer::Elsewhere(format!("{}?written=yes#writings", scene.address())),
        Outcome::Preview(draft) => {
            let told = form::told(&draft);
            let page = view::write_preview(shore, palette, &scene, submission, told)?;
            Answer::Page(StatusCode::OK, reply::html(&page)?)
        }
        Outcome::Unclear(mistakes) => {
            let fine = mistakes.by_field.is_empty();
            let status = if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            Answer::Page(status, again(&scene, submission, (mistakes, false))?)
        }
        Outcome::MovedOn => {
            // As it stands there now, or what is there now.
            let scene = place.scene(shore)?;
            let seen = scene.desk.version.clone();
            let submission = Submission { seen, ..submission.clone() };
            let html = again(&scene, &submission, (Default::default(), true))?;
            Answer::Page(StatusCode::CONFLICT, html)
        }
        Outcome::Refused(refusal) => {
            return Err(reply::NoPage::Refused {
                status: StatusCode::CONFLICT,
                what: refusal.to_string(),
                hint: refusal.hint(),
                back: (scene.address(), format!("Go back to {}", scene.title)),
            });
        }
    })
}
