//! `GET /patrols/{due}`.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::model::DueId;

use super::{Web, reply};
use crate::projection::view;

pub(super) async fn show(
    State(web): State<Web>,
    Path(due): Path<String>,
    Query(wish): Query<reply::Wish>,
    headers: HeaderMap,
) -> Response {
    reply::page(web, wish, headers, move |shore, wish, palette| {
        let nothing = || reply::NoPage::NotFound("due patrol");
        let due = DueId::from_hex(&due).map_err(|_| nothing())?;
        reply::bring_up_to_date(shore);
        let mut page = view::patrol(shore, palette, due)?.ok_or_else(nothing)?;
        page.writings.saved = wish.written.is_some();
        Ok(page)
    })
    .await
}
