//! `GET` and `POST /vessels/{id}/plan`, `GET /vessels/{id}/plan/edit`.

mod edit;
mod submit;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::model::VesselId;

pub(super) use edit::show as edit;
pub(super) use submit::take;

use super::{Web, reply};
use crate::plan::edit::heads_of;
use crate::projection::view::{self, PlanWish};

/// What a page of the plan is asked with.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Asked {
    at: Option<String>,
    history: Option<String>,
    saved: Option<String>,
    palette: Option<String>,
}

pub(super) async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let wish = reply::Wish { palette: asked.palette.clone(), ..reply::Wish::default() };
    reply::page(web, wish, headers, move |shore, _, palette| {
        let vessel = VesselId::from_hex(&id).map_err(|_| reply::NoPage::NotFound("vessel"))?;
        let nothing = || reply::NoPage::NotFound("version of a plan");
        let at = match asked.at.as_deref() {
            Some(word) => {
                Some(heads_of(word).filter(|heads| !heads.is_empty()).ok_or_else(nothing)?)
            }
            None => None,
        };
        let (saved, all) = (asked.saved.is_some(), asked.history.as_deref() == Some("all"));
        let wish = PlanWish { at, saved, all };
        let mut page = view::plan(shore, palette, vessel, &wish)?.ok_or_else(nothing)?;
        let kept = [("at", asked.at), ("history", asked.history)];
        let kept = kept.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        page.shell.query.extend(kept);
        Ok(page)
    })
    .await
}
