//! `GET /ledger/...`: what anybody may ask of the ledger, in the forms of C2SP. Nothing personal stands in it.
//!
//! `checkpoint` is C2SP's name for a signed tree head.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use deckwatch_core::ledger::{LoggedProof, SignedTreeHead};
use serde::Deserialize;

use super::Web;
use crate::ledger::{LedgerError, ProofRefusal};
use crate::shore::Shore;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// A full tile never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FRESH: &str = "no-store";

/// The leaf to prove.
#[derive(Debug, Deserialize)]
pub(super) struct WhichLeaf {
    index: u64,
}

/// The size to start from.
#[derive(Debug, Deserialize)]
pub(super) struct WhichSize {
    old: u64,
}

/// The newest signed tree head.
pub(super) async fn checkpoint(State(web): State<Web>) -> Response {
    answer(web, |shore| {
        let head = shore.tree_head()?.ok_or(ProofRefusal::Empty)?;
        Ok((TEXT, FRESH, head.note))
    })
    .await
}

/// One tile of hashes or of leaves: c2sp.org/tlog-tiles.
pub(super) async fn tile(State(web): State<Web>, Path(path): Path<String>) -> Response {
    answer(web, move |shore| {
        let (bytes, full) = shore.tile(&format!("tile/{path}"))?;
        Ok((BYTES, if full { FOR_EVER } else { FRESH }, bytes))
    })
    .await
}

/// That a leaf is in the newest tree head, as a file: c2sp.org/tlog-proof@v1. The leaf itself stands in it as `extra`.
pub(super) async fn proof(State(web): State<Web>, Query(leaf): Query<WhichLeaf>) -> Response {
    answer(web, move |shore| {
        let found = shore.prove_leaf(leaf.index)?;
        let head = SignedTreeHead::parse(&found.note).map_err(|_| ProofRefusal::Empty)?;
        let proof =
            LoggedProof { extra: Some(found.leaf), index: leaf.index, path: found.path, head };
        Ok((TEXT, FRESH, proof.encode()))
    })
    .await
}

/// That the ledger of `old` leaves is the beginning of the newest one: the hashes, one a line, then an empty line and
/// the tree head.
pub(super) async fn consistency(State(web): State<Web>, Query(size): Query<WhichSize>) -> Response {
    answer(web, move |shore| {
        let found = shore.prove_consistency(size.old)?;
        let mut text: Vec<u8> = Vec::new();
        for hash in &found.path {
            text.extend(BASE64.encode(&hash.0).bytes());
            text.push(b'\n');
        }
        text.push(b'\n');
        text.extend(found.note);
        Ok((TEXT, FRESH, text))
    })
    .await
}

type Found = (&'static str, &'static str, Vec<u8>);

async fn answer(
    web: Web,
    work: impl FnOnce(&Shore) -> Result<Found, ProofRefusal> + Send + 'static,
) -> Response {
    let shore = Arc::clone(&web.shore);
    let found = tokio::task::spawn_blocking(move || work(&shore)).await;
    let refused = |status: StatusCode, text: String| {
        (status, [(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, FRESH)], text)
            .into_response()
    };
    match found {
        Ok(Ok((kind, caching, bytes))) => {
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching)];
            (headers, bytes).into_response()
        }
        Ok(Err(ProofRefusal::Ledger(error))) => {
            tracing::error!(%error, hint = error.hint(), "the ledger was not read");
            let status = match error {
                LedgerError::OldCopy { .. } => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            refused(status, format!("{error}\n"))
        }
        Ok(Err(refusal)) => refused(StatusCode::NOT_FOUND, format!("{refusal}\n")),
        Err(error) => {
            tracing::error!(%error, "a question to the ledger stopped");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "it could not be worked on\n".to_owned())
        }
    }
}
