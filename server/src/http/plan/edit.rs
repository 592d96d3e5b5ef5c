//! `GET /vessels/{id}/plan/edit`: a form, filled in with what the newest version says.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use deckwatch_core::model::VesselId;

use super::super::{Web, reply};
use crate::page::form::Fields;
use crate::plan::{
    edit::own_fields,
    form::{self, Kind, Mistakes},
};
use crate::projection::view;

/// Which form, and what it is about.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(in crate::http) struct Asked {
    form: Option<String>,
    id: Option<String>,
    item: Option<String>,
    palette: Option<String>,
}

pub(in crate::http) async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let wish = reply::Wish { palette: asked.palette.clone(), ..reply::Wish::default() };
    reply::page(web, wish, headers, move |shore, _, palette| {
        let vessel = VesselId::from_hex(&id).map_err(|_| reply::NoPage::NotFound("vessel"))?;
        let nothing = || reply::NoPage::NotFound("form of this plan");
        let kind = asked.form.as_deref().and_then(Kind::from_word).ok_or_else(nothing)?;
        let (plan, heads) = reply::known_vessel(shore.plan(vessel))?;
        let about = [("id", asked.id), ("item", asked.item)];
        let about: Fields =
            about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let sheet = form::sheet(kind, &about, &plan).ok_or_else(nothing)?;
        let mut values = about.clone();
        form::filled(kind, &mut values, &plan);
        let mut hidden = own_fields(kind, &heads);
        hidden.extend(form::unasked(&sheet, &values));
        let parts = (hidden, values, Mistakes::default());
        let mut page =
            view::plan_form(shore, palette, vessel, sheet, parts)?.ok_or_else(nothing)?;
        page.shell.query.push(("form".to_owned(), kind.word().to_owned()));
        page.shell.query.extend(about);
        Ok(page)
    })
    .await
}
