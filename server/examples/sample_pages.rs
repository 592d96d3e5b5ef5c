//! Writes every sample page, in every palette, to a folder: `cargo run -p deckwatch --example
//! sample_pages OUT`. Open the files in a browser; they need no server.

use std::error::Error;
use std::path::PathBuf;

use askama::Template;
use deckwatch::page::layout::Palette;
use deckwatch::page::{ICON, STYLESHEET, sample};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::args_os().nth(1).ok_or("say where: sample_pages OUT")?);
    std::fs::create_dir_all(&out)?;
    std::fs::write(out.join("deckwatch.css"), STYLESHEET)?;
    std::fs::write(out.join("icon.svg"), ICON)?;
    for palette in Palette::ALL {
        let pages = [
            ("fleet", sample::fleet(palette).render()?),
            ("fleet-60", sample::fleet_of(60, palette).render()?),
            ("fleet-empty", sample::empty_fleet(palette).render()?),
            ("vessel", sample::vessel(palette).render()?),
            ("vessel-bare", sample::bare_vessel(palette).render()?),
            ("patrol", sample::patrol(palette).render()?),
            ("patrol-awaiting", sample::awaiting_patrol(palette).render()?),
            ("patrol-missed", sample::missed_patrol(palette).render()?),
            ("patrol-hostile", sample::hostile_patrol(palette).render()?),
            ("flags", sample::flags(palette).render()?),
            ("flags-empty", sample::no_flags(palette).render()?),
            ("plan", sample::plan(palette).render()?),
            ("plan-older", sample::older_plan(palette).render()?),
            ("plan-empty", sample::empty_plan(palette).render()?),
            ("plan-form", sample::plan_form(palette).render()?),
            ("plan-preview", sample::plan_preview(palette).render()?),
            ("patrol-closed", sample::closed_patrol(palette).render()?),
            ("day", sample::day(palette).render()?),
            ("day-empty", sample::empty_day(palette).render()?),
            ("unplanned", sample::unplanned(palette).render()?),
            ("write-form", sample::write_form(palette).render()?),
            ("write-preview", sample::write_preview(palette).render()?),
            ("write-closing", sample::write_closing(palette).render()?),
            ("write-answer", sample::write_answer(palette).render()?),
            ("not-done", sample::not_done(palette).render()?),
            ("not-found", sample::not_found(palette).render()?),
            ("broken", sample::broken(palette).render()?),
        ];
        for (name, html) in pages {
            std::fs::write(out.join(format!("{name}-{}.html", palette.word())), html)?;
        }
    }
    Ok(())
}
