//! `GET /healthz`: whether the store answers.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Web;

pub(super) async fn show(State(web): State<Web>) -> Response {
    let counted = tokio::task::spawn_blocking(move || web.shore.vessels()).await;
    let version = env!("CARGO_PKG_VERSION");
    let (status, body) = match counted {
        Ok(Ok(vessels)) => {
            let vessels = vessels.len();
            (
                StatusCode::OK,
                serde_json::json!({ "status": "ok", "version": version, "vessels": vessels }),
            )
        }
        Ok(Err(_)) | Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            serde_json::json!({ "status": "the store does not answer", "version": version }),
        ),
    };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
