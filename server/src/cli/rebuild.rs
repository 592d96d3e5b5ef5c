//! `deckwatch rebuild`.

use clap::Args;

use super::{Data, Failure, say};

/// Which shore.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    data: Data,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let shore = options.data.open()?;
    // News that nobody assessed yet are no difference.
    shore.settle()?;
    let rebuilt = shore.rebuild()?;
    let mut differing = 0;
    for vessel in &rebuilt {
        let same = vessel.is_identical();
        differing += usize::from(!same);
        say(format_args!("{}  {}", if same { "identical" } else { "differs  " }, vessel.vessel));
    }
    if differing == 0 {
        say(format_args!("{} vessels made again, all identical", rebuilt.len()));
        Ok(())
    } else {
        Err(format!("{differing} of {} vessels came out differently; the new verdicts are kept. Report this: it should not happen", rebuilt.len()).into())
    }
}
