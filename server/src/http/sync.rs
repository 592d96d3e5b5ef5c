//! `POST /v1/sync`: FORMAT.md section 12.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Web;
use crate::ledger::LedgerError;
use crate::shore::ShoreError;
use crate::store::StoreError;
use crate::sync::SyncRefusal;

/// Requests worked on at a time: the store has one writer.
pub(super) const AT_A_TIME: usize = 8;
/// Requests read at a time: with their bodies they have at most 1 GiB, and far less from honest senders.
pub(super) const READ_AT_A_TIME: usize = 256;
/// A body is kept so far.
const KEPT_AT_MOST: usize = 4 * 1024 * 1024 + 64 * 1024;
/// And read so far, so that a sender of too much hears why instead of a closed connection.
const READ_AT_MOST: usize = 16 * 1024 * 1024;
/// 4 MiB at 64 kbit/s take 9 minutes.
const PATIENCE: Duration = Duration::from_secs(600);
const BYTES: &str = "application/octet-stream";

pub(super) async fn exchange(State(web): State<Web>, headers: HeaderMap, body: Body) -> Response {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if said(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        // 4 MiB could inflate to 4 GiB.
        let hint = "send the request's bytes without compression";
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a compressed request", hint);
    }
    if said(header::CONTENT_TYPE) != Some(BYTES) {
        let hint = "set content-type to application/octet-stream";
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not bytes", hint);
    }
    // Readers and workers are counted apart: who sends slowly holds up other slow senders only, and
    // is told to come back instead of waiting.
    let Ok(reading) = web.readers.try_acquire() else {
        return refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many are sending at once",
            "try again in a minute; nothing was changed",
        );
    };
    let bytes = match tokio::time::timeout(PATIENCE, read(body)).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            let hint = "send it in parts of at most 4 MiB; nothing was changed";
            return refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request is too large or broke off",
                hint,
            );
        }
        Err(_) => {
            return refused(StatusCode::REQUEST_TIMEOUT, "the request took too long", "try again");
        }
    };
    let Ok(_working) = web.syncs.acquire().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "the server stops", "try again later");
    };
    drop(reading);
    let shore = std::sync::Arc::clone(&web.shore);
    match tokio::task::spawn_blocking(move || shore.sync(&bytes)).await {
        Ok(Ok(response)) => {
            let headers = [(header::CONTENT_TYPE, BYTES), (header::CACHE_CONTROL, "no-store")];
            (headers, response).into_response()
        }
        Ok(Err(refusal)) => {
            if let SyncRefusal::Shore(error) = &refusal {
                tracing::error!(%error, cause = ?std::error::Error::source(error), "a sync failed");
            }
            refused(status_of(&refusal), &refusal.to_string(), refusal.hint())
        }
        Err(error) => {
            tracing::error!(%error, "a sync stopped");
            let hint =
                "nothing was changed; try again, and tell whoever runs this server if it stays";
            refused(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be worked on", hint)
        }
    }
}

/// The body's bytes; `None`: too many, or it broke off.
async fn read(mut body: Body) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut size = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // What is not data is a trailer.
        let Ok(piece) = frame.ok()?.into_data() else { continue };
        size = size.saturating_add(piece.len());
        if size > READ_AT_MOST {
            return None;
        }
        if size <= KEPT_AT_MOST {
            kept.extend_from_slice(&piece);
        } else {
            kept = Vec::new();
        }
    }
    (size <= KEPT_AT_MOST).then_some(kept)
}

fn status_of(refusal: &SyncRefusal) -> StatusCode {
    match refusal {
        SyncRefusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        SyncRefusal::Malformed(_) => StatusCode::BAD_REQUEST,
        SyncRefusal::BadSignature(_) => StatusCode::UNAUTHORIZED,
        SyncRefusal::UnknownVessel(_) => StatusCode::NOT_FOUND,
        SyncRefusal::Shore(ShoreError::Store(StoreError::Busy)) => StatusCode::SERVICE_UNAVAILABLE,
        SyncRefusal::Shore(ShoreError::Store(StoreError::Full(_))) => {
            StatusCode::INSUFFICIENT_STORAGE
        }
        SyncRefusal::Shore(ShoreError::Ledger(
            LedgerError::OldCopy { .. } | LedgerError::Collecting,
        )) => StatusCode::SERVICE_UNAVAILABLE,
        SyncRefusal::Shore(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn refused(status: StatusCode, what: &str, hint: &str) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, format!("{what}\n{hint}\n")).into_response()
}
