//! Pages as a whole: their snapshots, what holds for each of them, their colours and their weight.

mod contrast;
mod facts;
mod markup;
mod rules;
mod weight;

use askama::Template;

use super::layout::Palette;
use super::sample;

/// Every sample page with a name, as HTML.
fn pages(palette: Palette) -> Vec<(&'static str, String)> {
    vec![
        ("fleet", html(&sample::fleet(palette))),
        ("empty_fleet", html(&sample::empty_fleet(palette))),
        ("vessel", html(&sample::vessel(palette))),
        ("bare_vessel", html(&sample::bare_vessel(palette))),
        ("patrol", html(&sample::patrol(palette))),
        ("awaiting_patrol", html(&sample::awaiting_patrol(palette))),
        ("missed_patrol", html(&sample::missed_patrol(palette))),
        ("hostile_patrol", html(&sample::hostile_patrol(palette))),
        ("flags", html(&sample::flags(palette))),
        ("no_flags", html(&sample::no_flags(palette))),
        ("plan", html(&sample::plan(palette))),
        ("older_plan", html(&sample::older_plan(palette))),
        ("empty_plan", html(&sample::empty_plan(palette))),
        ("plan_form", html(&sample::plan_form(palette))),
        ("plan_preview", html(&sample::plan_preview(palette))),
        ("closed_patrol", html(&sample::closed_patrol(palette))),
        ("day", html(&sample::day(palette))),
        ("empty_day", html(&sample::empty_day(palette))),
        ("unplanned", html(&sample::unplanned(palette))),
        ("write_form", html(&sample::write_form(palette))),
        ("write_preview", html(&sample::write_preview(palette))),
        ("write_closing", html(&sample::write_closing(palette))),
        ("write_answer", html(&sample::write_answer(palette))),
        ("not_done", html(&sample::not_done(palette))),
        ("not_found", html(&sample::not_found(palette))),
        ("broken", html(&sample::broken(palette))),
    ]
}

fn html(page: &impl Template) -> String {
    page.render().unwrap()
}

#[test]
fn snapshots() {
    for (name, html) in pages(Palette::Auto) {
        // These two repeat themselves for 31 days and 14 vessels; three say as much.
        if !matches!(name, "fleet" | "vessel") {
            insta::assert_snapshot!(name, html);
        }
    }
    insta::assert_snapshot!("fleet", html(&sample::fleet_of(3, Palette::Day)));
    let mut vessel = sample::vessel(Palette::Night);
    vessel.card.days.drain(..28);
    let first = *vessel.card.days.first().unwrap();
    vessel.card.patrols.retain(|patrol| patrol.opens.ship_day() >= Some(first));
    insta::assert_snapshot!("vessel", html(&vessel));
}
