//! `GET /`.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::{Web, reply};
use crate::projection::view;

pub(super) async fn show(
    State(web): State<Web>,
    Query(wish): Query<reply::Wish>,
    headers: HeaderMap,
) -> Response {
    reply::page(web, wish, headers, |shore, _, palette| {
        reply::bring_up_to_date(shore);
        Ok(view::fleet(shore, palette)?)
    })
    .await
}
