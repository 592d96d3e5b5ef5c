//! The web side: the sync endpoint, the pages, and what surrounds them. One endpoint a file.
//!
//! The store is synchronous, so everything that touches it runs on the blocking pool.

mod asset;
mod day;
mod flags;
mod fleet;
mod form;
mod header;
mod health;
mod host;
mod ledger;
mod origin;
mod patrol;
mod plan;
mod reply;
mod sync;
#[cfg(test)]
mod tests;
mod unplanned;
mod vessel;
mod write;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::serve::Listener;
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;

use crate::page;
use crate::shore::Shore;

pub use host::{Hosts, NoHost};

/// How often vessels are looked for where time alone changes a verdict.
const TICK: Duration = Duration::from_secs(15);

/// What every endpoint is given.
#[derive(Clone)]
pub(crate) struct Web {
    shore: Arc<Shore>,
    hosts: Arc<Hosts>,
    syncs: Arc<tokio::sync::Semaphore>,
    readers: Arc<tokio::sync::Semaphore>,
}

/// All endpoints of a shore that goes by these names.
pub fn router(shore: Arc<Shore>, hosts: Hosts) -> Router {
    let syncs = Arc::new(tokio::sync::Semaphore::new(sync::AT_A_TIME));
    let readers = Arc::new(tokio::sync::Semaphore::new(sync::READ_AT_A_TIME));
    let web = Web { shore, hosts: Arc::new(hosts), syncs, readers };
    Router::new()
        .route("/", get(fleet::show))
        .route("/vessels/{id}", get(vessel::show))
        .route("/vessels/{id}/plan", get(plan::show).post(plan::take))
        .route("/vessels/{id}/plan/edit", get(plan::edit))
        .route("/patrols/{due}", get(patrol::show))
        .route("/patrols/{due}/write", get(write::ask_due).post(write::take_due))
        .route("/vessels/{id}/days/{day}", get(day::show))
        .route("/vessels/{id}/days/{day}/write", get(write::ask_day).post(write::take_day))
        .route("/vessels/{id}/unplanned/{dev}/{patrol}", get(unplanned::show))
        .route(
            "/vessels/{id}/unplanned/{dev}/{patrol}/write",
            get(write::ask_unplanned).post(write::take_unplanned),
        )
        .route("/flags", get(flags::show))
        .route(page::STYLESHEET_PATH, get(asset::stylesheet))
        .route(page::ICON_PATH, get(asset::icon))
        .route("/healthz", get(health::show))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/tile/{*path}", get(ledger::tile))
        .route("/ledger/proof", get(ledger::proof))
        .route("/ledger/consistency", get(ledger::consistency))
        .route("/v1/sync", post(sync::exchange))
        .fallback(reply::no_such_page)
        .layer(from_fn_with_state(web.clone(), host::known))
        .layer(from_fn(header::secure))
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http())
        .with_state(web)
}

/// Serves a shore on a bound address, with TLS or without, until `shutdown` resolves. Requests under way are answered first.
pub async fn serve<L>(
    listener: L,
    shore: Arc<Shore>,
    hosts: Hosts,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    L: Listener<Addr: std::fmt::Debug>,
{
    let ticking = tokio::spawn(tick(Arc::clone(&shore)));
    let served = axum::serve(listener, router(shore, hosts)).with_graceful_shutdown(shutdown).await;
    ticking.abort();
    served
}

/// Brings vessels up to date where nothing but time has passed.
async fn tick(shore: Arc<Shore>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let shore = Arc::clone(&shore);
        match tokio::task::spawn_blocking(move || shore.reassess_due()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, hint = error.hint(), "vessels could not be assessed");
            }
            Err(error) => tracing::error!(%error, "an assessment stopped"),
        }
    }
}
