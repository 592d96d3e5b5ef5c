//! `GET /vessels/{id}/unplanned/{device}/{number}`.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::model::{DeviceId, VesselId};

use super::{Web, reply};
use crate::projection::view;

pub(super) async fn show(
    State(web): State<Web>,
    Path((id, dev, patrol)): Path<(String, String, u64)>,
    Query(wish): Query<reply::Wish>,
    headers: HeaderMap,
) -> Response {
    reply::page(web, wish, headers, move |shore, wish, palette| {
        let nothing = || reply::NoPage::NotFound("unplanned patrol");
        let vessel = VesselId::from_hex(&id).map_err(|_| nothing())?;
        let dev = DeviceId::from_hex(&dev).map_err(|_| nothing())?;
        reply::bring_up_to_date(shore);
        let page = view::unplanned(shore, palette, vessel, (dev, patrol))?;
        let mut page = page.ok_or_else(nothing)?;
        page.writings.saved = wish.written.is_some();
        Ok(page)
    })
    .await
}
