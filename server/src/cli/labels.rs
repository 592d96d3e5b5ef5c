//! `deckwatch labels`.

use std::path::PathBuf;

use clap::Args;
use deckwatch_core::presence::sheet::{Layout, SheetLabel, SheetOptions, render_sheets};

use super::{Data, Failure, find_vessel, say};

/// Which labels.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The vessel: name or id.
    vessel: String,
    #[command(flatten)]
    data: Data,
    /// The folder for the SVG files; made if there is none.
    #[arg(long, default_value = "labels", value_name = "DIR")]
    out: PathBuf,
    /// The host that the labels name, for cameras that know nothing of Deckwatch.
    #[arg(long, default_value = "DW.EXAMPLE")]
    host: String,
    /// Fifteen small labels a page instead of ten large ones.
    #[arg(long)]
    small: bool,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let shore = options.data.open()?;
    let vessel = find_vessel(&shore, &options.vessel)?;
    let (plan, _) = shore.plan(vessel.id)?;
    // In the order in which people know them: by deck, then name.
    let mut labels: Vec<(String, SheetLabel)> = plan
        .tags
        .iter()
        .filter_map(|(tag, registration)| {
            let place = plan.checkpoints.get(&registration.checkpoint)?;
            let label = SheetLabel {
                tag: *tag,
                checkpoint: place.name.clone(),
                revision: registration.revision,
            };
            Some((format!("{}/{}", place.deck, place.name), label))
        })
        .collect();
    labels.sort_by(|a, b| a.0.cmp(&b.0));
    let labels: Vec<SheetLabel> = labels.into_iter().map(|(_, label)| label).collect();
    if labels.is_empty() {
        return Err(format!(
            "the plan of {} has no checkpoints with tags; import one with: deckwatch plan import",
            vessel.name
        )
        .into());
    }
    let sheet = SheetOptions {
        vessel: vessel.id,
        vessel_name: vessel.name,
        host: options.host.clone(),
        layout: if options.small { Layout::Small } else { Layout::Large },
    };
    let pages = render_sheets(&labels, &sheet)?;
    std::fs::create_dir_all(&options.out)?;
    for (number, page) in (1..).zip(&pages) {
        let path = options.out.join(format!("labels-{number}.svg"));
        std::fs::write(&path, page)?;
        say(path.display());
    }
    Ok(())
}
