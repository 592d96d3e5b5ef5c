//! A witness of others' ledgers: its key file, its store, and the one endpoint of c2sp.org/tlog-witness.

mod key_file;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use deckwatch_core::ledger::{Refusal, Reply, Witness, witness::MAX_REQUEST};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::sqlite::SqliteWitnessStore;

pub use key_file::{KeyFileError, create_key, read_key};

/// Requests read at a time: with their bodies they have at most 17 MiB.
const AT_A_TIME: usize = 64;
/// A request has to come within this time; 264 KiB at 64 kbit/s take 34 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the endpoints are given.
#[derive(Clone)]
struct Desk {
    witness: Arc<Witness>,
    store: Arc<Mutex<SqliteWitnessStore>>,
    clock: Arc<dyn Clock>,
    requests: Arc<Semaphore>,
}

impl Desk {
    fn answer(&self, body: &[u8]) -> Result<Reply, StoreError> {
        let mut store = crate::shore::lock(&self.store);
        let mut now = || u64::try_from(self.clock.now()).unwrap_or(0);
        self.witness.answer(body, &mut *store, &mut now)
    }
}

/// All endpoints of a witness.
pub fn router(witness: Witness, store: SqliteWitnessStore, clock: Arc<dyn Clock>) -> Router {
    let requests = Arc::new(Semaphore::new(AT_A_TIME));
    let store = Arc::new(Mutex::new(store));
    Router::new()
        .route("/add-checkpoint", post(add))
        .route("/healthz", get(health))
        .with_state(Desk { witness: Arc::new(witness), store, clock, requests })
}

/// Serves a witness on a bound address, with TLS or without, until `shutdown` resolves. Requests under way are answered first.
pub async fn serve<L>(
    listener: L,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    L: Listener<Addr: std::fmt::Debug>,
{
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn add(State(desk): State<Desk>, body: Body) -> Response {
    let Ok(_place) = desk.requests.clone().try_acquire_owned() else {
        return reply(&Reply::from(&Refusal::Busy));
    };
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, MAX_REQUEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return reply(&Reply::from(&Refusal::TooLarge)),
        Err(_) => return failed(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
    };
    match tokio::task::spawn_blocking(move || desk.answer(&body)).await {
        Ok(Ok(answer)) => reply(&answer),
        Ok(Err(error)) => {
            tracing::error!(%error, hint = error.hint(), "a tree head was not cosigned");
            failed(StatusCode::SERVICE_UNAVAILABLE, "the witness's store does not answer")
        }
        Err(error) => {
            tracing::error!(%error, "a request stopped");
            failed(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be worked on")
        }
    }
}

async fn health(State(desk): State<Desk>) -> Response {
    let store = Arc::clone(&desk.store);
    let checked = tokio::task::spawn_blocking(move || crate::shore::lock(&store).check()).await;
    let (status, word) = match checked {
        Ok(Ok(())) => (StatusCode::OK, "ok"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer"),
    };
    let body = serde_json::json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "witness": desk.witness.verifier().to_string(),
        "ledgers": desk.witness.origins().count(),
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

fn reply(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, reply.content_type), (header::CACHE_CONTROL, "no-store")];
    (status, headers, reply.body.clone()).into_response()
}

fn failed(status: StatusCode, what: &'static str) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, format!("{what}; try again\n")).into_response()
}
