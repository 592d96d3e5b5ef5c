//! `GET /vessels/{id}`.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::{model::VesselId, time::Day};

use super::{Web, reply};
use crate::projection::view;

pub(super) async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(wish): Query<reply::Wish>,
    headers: HeaderMap,
) -> Response {
    reply::page(web, wish, headers, move |shore, wish, palette| {
        let nothing = || reply::NoPage::NotFound("vessel");
        let vessel = VesselId::from_hex(&id).map_err(|_| nothing())?;
        reply::bring_up_to_date(shore);
        let day = wish.day.as_deref().and_then(Day::from_iso);
        view::vessel(shore, palette, vessel, day)?.ok_or_else(nothing)
    })
    .await
}
