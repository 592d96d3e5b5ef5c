//! `GET /flags`.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::model::VesselId;

use super::{Web, reply};
use crate::projection::view;

pub(super) async fn show(
    State(web): State<Web>,
    Query(wish): Query<reply::Wish>,
    headers: HeaderMap,
) -> Response {
    reply::page(web, wish, headers, |shore, wish, palette| {
        reply::bring_up_to_date(shore);
        let chosen = match wish.vessel.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                Some(VesselId::from_hex(id).map_err(|_| reply::NoPage::NotFound("vessel"))?)
            }
            None => None,
        };
        Ok(view::flags(shore, palette, chosen)?)
    })
    .await
}
