//! `GET …/write`: a form.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::super::{Web, reply};
use super::Place;
use crate::page::form::Fields;
use crate::projection::view;
use crate::shore::Shore;
use crate::writing::{Act, form, submit::Submission};

/// Which form, and what it is about.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(in crate::http) struct Asked {
    form: Option<String>,
    id: Option<String>,
    flag: Option<String>,
    palette: Option<String>,
}

pub(in crate::http) async fn of_due(
    State(web): State<Web>,
    Path(due): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    show(web, Place::Due(due), asked, headers).await
}

pub(in crate::http) async fn of_day(
    State(web): State<Web>,
    Path((id, day)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    show(web, Place::Day(id, day), asked, headers).await
}

pub(in crate::http) async fn of_unplanned(
    State(web): State<Web>,
    Path((id, dev, patrol)): Path<(String, String, u64)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    show(web, Place::Unplanned(id, dev, patrol), asked, headers).await
}

async fn show(web: Web, place: Place, asked: Asked, headers: HeaderMap) -> Response {
    let wish = reply::Wish { palette: asked.palette.clone(), ..reply::Wish::default() };
    reply::page(web, wish, headers, move |shore: &Shore, _, palette| {
        let nothing = || reply::NoPage::NotFound("form of this page");
        let act = asked.form.as_deref().and_then(Act::from_word).ok_or_else(nothing)?;
        let scene = place.scene(shore)?;
        let about = [("id", asked.id), ("flag", asked.flag)];
        let about: Fields =
            about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        if let Err(refusal) = scene.desk.allows(act, &about) {
            let back = (scene.address(), format!("Go back to {}", scene.title));
            return Err(reply::NoPage::Refused {
                status: StatusCode::CONFLICT,
                what: refusal.to_string(),
                hint: refusal.hint(),
                back,
            });
        }
        let mut fields = about;
        form::filled(act, &mut fields, &scene.desk);
        let submission = Submission::open(act, shore.draw(), &scene.desk, fields);
        let nothing_wrong = Default::default();
        Ok(view::write_form(shore, palette, &scene, &submission, nothing_wrong)?)
    })
    .await
}
