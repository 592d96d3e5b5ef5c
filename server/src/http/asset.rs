//! The stylesheet and the icon. Their addresses carry their hash, so a browser may keep them for ever.

use axum::http::header;
use axum::response::IntoResponse;

use crate::page;

const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) async fn stylesheet() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, FOR_EVER)];
    (headers, page::STYLESHEET)
}

pub(super) async fn icon() -> impl IntoResponse {
    // Its address carries no hash.
    let a_day = "public, max-age=86400";
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, a_day)], page::ICON)
}
