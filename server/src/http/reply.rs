//! Turning pages into answers.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use deckwatch_core::{entropy::draw, model::Hash};

use super::Web;
use crate::entropy::SystemEntropy;
use crate::page::layout::{Here, Palette, Shell};
use crate::page::problem::ProblemPage;
use crate::shore::{Shore, ShoreError};
use crate::store::StoreError;

/// A year.
const COOKIE_SECS: u32 = 31_536_000;

/// What a page is asked with.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Wish {
    pub palette: Option<String>,
    pub day: Option<String>,
    pub vessel: Option<String>,
    pub written: Option<String>,
}

/// The reader's palette, and whether it was just chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    pub palette: Palette,
    chosen: bool,
}

impl Colours {
    pub fn of(wish: &Wish, headers: &HeaderMap) -> Self {
        let chosen = wish.palette.as_deref().and_then(Palette::from_word);
        let kept = || {
            let cookies =
                headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
            let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
            pairs.find_map(|pair| Palette::from_word(pair.trim().strip_prefix("palette=")?))
        };
        Self { palette: chosen.or_else(kept).unwrap_or_default(), chosen: chosen.is_some() }
    }
}

/// Why there is no page.
pub(super) enum NoPage {
    NotFound(&'static str),
    /// What was asked for cannot be done; with the page to go back to.
    Refused {
        status: StatusCode,
        what: String,
        hint: &'static str,
        back: (String, String),
    },
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl From<ShoreError> for NoPage {
    fn from(error: ShoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<serde_json::Error> for NoPage {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Brings vessels up to date before a page is made. A page from the assessment before is better than none.
pub(super) fn bring_up_to_date(shore: &Shore) {
    if let Err(error) = shore.reassess_due() {
        tracing::error!(%error, hint = error.hint(), "vessels could not be assessed");
    }
}

/// Makes a page on the blocking pool, and answers with it.
pub(super) async fn page<P: Template + Send + 'static>(
    web: Web,
    wish: Wish,
    headers: HeaderMap,
    make: impl FnOnce(&Shore, &Wish, Palette) -> Result<P, NoPage> + Send + 'static,
) -> Response {
    let colours = Colours::of(&wish, &headers);
    let palette = colours.palette;
    let now = web.shore.now();
    let shore = Arc::clone(&web.shore);
    let made = tokio::task::spawn_blocking(move || {
        let page = make(&shore, &wish, palette)?;
        page.render().map_err(|error| NoPage::Failed(error.into()))
    });
    let made = made.await.unwrap_or_else(|stopped| Err(NoPage::Failed(stopped.into())));
    match made {
        Ok(html) => shown(html, colours, &headers),
        Err(nothing) => no_page(nothing, palette, now),
    }
}

/// Says why there is no page.
pub(super) fn no_page(nothing: NoPage, palette: Palette, now: i64) -> Response {
    match nothing {
        NoPage::NotFound(thing) => {
            let shell = Shell::new("Not found", Here::Below, palette, now);
            problem(ProblemPage::not_found(shell, thing))
        }
        NoPage::Refused { status, what, hint, back } => {
            let shell = Shell::new("Not done", Here::Below, palette, now);
            let mut page = ProblemPage::not_done(shell, status.as_u16(), &what, hint);
            page.back = Some(back);
            problem(page)
        }
        NoPage::Failed(error) => {
            let reference = HEXLOWER.encode(&draw::<4>(&mut SystemEntropy));
            tracing::error!(%error, cause = ?error.source(), reference, "a page could not be made");
            let shell = Shell::new("Something failed", Here::Below, palette, now);
            problem(ProblemPage::broken(shell, &reference))
        }
    }
}

/// A page's text.
pub(super) fn html(page: &impl Template) -> Result<String, NoPage> {
    page.render().map_err(|error| NoPage::Failed(error.into()))
}

/// What a shore says of a vessel; one that it does not know is not found.
pub(super) fn known_vessel<T>(answer: Result<T, ShoreError>) -> Result<T, NoPage> {
    match answer {
        Err(ShoreError::Store(StoreError::UnknownVessel(_))) => Err(NoPage::NotFound("vessel")),
        other => Ok(other?),
    }
}

/// An answer to a form: nobody keeps it.
pub(super) fn unkept(status: StatusCode, html: String) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], axum::response::Html(html)).into_response()
}

/// Sends the browser on after a form was taken, so that loading again sends nothing again.
pub(super) fn elsewhere(address: &str) -> Response {
    let headers = [(header::LOCATION, address), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Says why a form was not taken.
pub(super) fn refused(
    web: &Web,
    headers: &HeaderMap,
    status: StatusCode,
    what: &str,
    hint: &str,
) -> Response {
    let palette = Colours::of(&Wish::default(), headers).palette;
    let shell = Shell::new("Not done", Here::Below, palette, web.shore.now());
    problem(ProblemPage::not_done(shell, status.as_u16(), what, hint))
}

fn shown(html: String, colours: Colours, headers: &HeaderMap) -> Response {
    // Weak: what is compressed on the way is the same page in other bytes.
    let tag = format!("W/\"{}\"", Hash::of(html.as_bytes()).short());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    let fixed = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::VARY, "cookie".to_owned()),
    ];
    let mut response = if same {
        (StatusCode::NOT_MODIFIED, fixed).into_response()
    } else {
        (fixed, axum::response::Html(html)).into_response()
    };
    if colours.chosen {
        let cookie = format!(
            "palette={}; Path=/; Max-Age={COOKIE_SECS}; SameSite=Lax; HttpOnly",
            colours.palette.word()
        );
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn problem(page: ProblemPage) -> Response {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match page.render() {
        Ok(html) => (status, no_store, axum::response::Html(html)).into_response(),
        Err(_) => (status, no_store, page.what).into_response(),
    }
}

pub(super) async fn no_such_page(State(web): State<Web>, headers: HeaderMap) -> Response {
    let palette = Colours::of(&Wish::default(), &headers).palette;
    let shell = Shell::new("Not found", Here::Below, palette, web.shore.now());
    problem(ProblemPage::not_found(shell, "page"))
}
