//! `GET /vessels/{id}/days/{date}`.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::{model::VesselId, time::Day};

use super::{Web, reply};
use crate::projection::view;

pub(super) async fn show(
    State(web): State<Web>,
    Path((id, day)): Path<(String, String)>,
    Query(wish): Query<reply::Wish>,
    headers: HeaderMap,
) -> Response {
    reply::page(web, wish, headers, move |shore, wish, palette| {
        let nothing = || reply::NoPage::NotFound("day of a vessel");
        let vessel = VesselId::from_hex(&id).map_err(|_| nothing())?;
        let day = Day::from_iso(&day).ok_or_else(nothing)?;
        reply::bring_up_to_date(shore);
        let mut page = view::day(shore, palette, vessel, day.0)?.ok_or_else(nothing)?;
        page.writings.saved = wish.written.is_some();
        Ok(page)
    })
    .await
}
