//! `deckwatch device`.

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use deckwatch_core::{
    authority::{Roles, Standing},
    model::{DeviceId, VesselId},
    record::Continues,
};

use super::{Data, Failure, enrol::Role, find_vessel, say};
use crate::{
    shore::{Held, RevocationPreview, Shore},
    store::VesselRow,
    sync::RotationClaim,
};

/// What to do.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

/// Which device.
#[derive(Debug, Args)]
struct Named {
    /// The vessel: name or id.
    vessel: String,
    /// The device: its id, or at least 6 digits of its beginning.
    device: String,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reason {
    /// The phone may be in the wrong hands.
    Stolen,
    /// It is not used any more.
    Retired,
    /// Its records are not to be trusted.
    Misused,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List a vessel's devices: what they may do, and what is held of them.
    #[command(after_help = "Example:\n  deckwatch device list \"MV Aurelia\"")]
    List {
        /// The vessel: name or id.
        vessel: String,
        #[command(flatten)]
        data: Data,
    },
    /// List devices that continued their chain twice, and write proofs that anybody can check.
    ///
    /// A copied store, a cloned phone, or a phone that was put back from a backup and went on. A phone that was
    /// restored by the rules has another key and is not among them.
    #[command(
        after_help = "Examples:\n  deckwatch device forks \"MV Aurelia\"\n  deckwatch device forks \"MV Aurelia\" --proofs evidence"
    )]
    Forks {
        /// The vessel: name or id.
        vessel: String,
        /// A folder for the proofs: `DEVICE-SEQ.fork`, FORMAT.md section 20.
        #[arg(long, value_name = "FOLDER")]
        proofs: Option<std::path::PathBuf>,
        #[command(flatten)]
        data: Data,
    },
    /// Certify a phone whose records have arrived without a certificate.
    ///
    /// Among them a phone that was restored from a copy: it says which device it continues. Its patrols were
    /// unverifiable until now, and are judged like others from now on.
    #[command(
        after_help = "Example:\n  deckwatch device certify \"MV Aurelia\" 1f2e3d4c --role crew"
    )]
    Certify {
        #[command(flatten)]
        named: Named,
        /// What the phone may do.
        #[arg(long, value_enum, default_value = "crew")]
        role: Role,
    },
    /// Confirm a phone that an officer enrolled on board.
    #[command(after_help = "Example:\n  deckwatch device confirm \"MV Aurelia\" 1f2e3d4c")]
    Confirm {
        #[command(flatten)]
        named: Named,
    },
    /// End the trust in a device after its last receipted record; shows first what becomes suspect.
    ///
    /// Nothing is deleted. Records after the last trusted one are kept and shown, and decide nothing.
    #[command(
        after_help = "Examples:\n  deckwatch device revoke \"MV Aurelia\" 1f2e3d4c                    # shows what would become suspect\n  deckwatch device revoke \"MV Aurelia\" 1f2e3d4c --reason stolen --yes"
    )]
    Revoke {
        #[command(flatten)]
        named: Named,
        /// Why.
        #[arg(long, value_enum, default_value = "retired")]
        reason: Reason,
        /// Trust nothing after this record, though it was receipted. Needs --agreed-by twice.
        ///
        /// The shore had signed that it holds these records. The revocation says that two people agreed, and phones and
        /// auditors who hold the receipts are told.
        #[arg(long, value_name = "SEQ", requires = "agreed_by")]
        after: Option<u64>,
        /// Who agreed to --after: a name, once for each of two people. It is shown and not kept; write down who it was.
        #[arg(long, value_name = "NAME", requires = "after")]
        agreed_by: Vec<String>,
        /// Do it, instead of showing what would become suspect.
        #[arg(long)]
        yes: bool,
    },
    /// Declare a device lost: nobody waits for it any more.
    ///
    /// What it held back becomes unverifiable, never missed. If it may be in the wrong hands, revoke it too.
    #[command(
        after_help = "Examples:\n  deckwatch device lost \"MV Aurelia\" 1f2e3d4c\n  deckwatch device lost \"MV Aurelia\" 1f2e3d4c --hours-ago 20"
    )]
    Lost {
        #[command(flatten)]
        named: Named,
        /// It was reported so many hours ago.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=87_600))]
        hours_ago: i64,
    },
}

impl Reason {
    /// As `revoke` records say it.
    fn number(self) -> u64 {
        match self {
            Self::Stolen => 1,
            Self::Retired => 2,
            Self::Misused => 3,
        }
    }
}

/// A device that was found, and the shore it was found on.
struct Found {
    shore: Shore,
    vessel: VesselRow,
    dev: DeviceId,
}

impl Named {
    fn find(&self) -> Result<Found, Failure> {
        let shore = self.data.open()?;
        let vessel = find_vessel(&shore, &self.vessel)?;
        let known = shore.reading_held(vessel.id, devices)?;
        let wanted = self.device.to_ascii_lowercase();
        let is = |dev: &&DeviceId| {
            let id = dev.to_string();
            id == wanted || (wanted.len() >= 6 && id.starts_with(&wanted))
        };
        let mut found = known.iter().filter(is);
        match (found.next(), found.next()) {
            (Some(dev), None) => Ok(Found { dev: *dev, shore, vessel }),
            (Some(_), Some(_)) => {
                Err(format!("several devices begin with {wanted:?}; give more of the id").into())
            }
            (None, _) => Err(format!(
                "no device {wanted:?} on {}; `deckwatch device list` shows them",
                vessel.name
            )
            .into()),
        }
    }
}

impl Found {
    /// The mark is made; now every verdict that it touches.
    fn reassess(&self, done: impl std::fmt::Display) -> Result<(), Failure> {
        self.shore.reassess(self.vessel.id)?;
        say(done);
        Ok(())
    }
}

/// Every device of a vessel but the shore: certified, or with records.
fn devices(held: &Held) -> Vec<DeviceId> {
    let root = held.authority().root();
    let certified = held.authority().devices().map(|(dev, _)| dev);
    let recorded = held.chains().iter().map(|chain| chain.dev());
    let mut all: Vec<DeviceId> = certified.chain(recorded).filter(|dev| *dev != root).collect();
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn run(options: Options) -> Result<(), Failure> {
    match options.command {
        Command::List { vessel, data } => {
            let shore = data.open()?;
            let vessel = find_vessel(&shore, &vessel)?;
            list(&shore, vessel.id)
        }
        Command::Forks { vessel, proofs, data } => {
            let shore = data.open()?;
            let vessel = find_vessel(&shore, &vessel)?;
            forks(&shore, vessel.id, proofs.as_deref())
        }
        Command::Certify { named, role } => {
            let found = named.find()?;
            let told =
                found.shore.reading_held(found.vessel.id, |held| held.beginning(found.dev))?;
            if let Some(continues) = told.and_then(|beginning| beginning.continues) {
                say(continues_words(&continues));
            }
            found.shore.certify(found.vessel.id, found.dev, role.roles())?;
            let role = roles_words(role.roles());
            found.reassess(format_args!("{} is certified as {role}", found.dev))
        }
        Command::Confirm { named } => {
            let found = named.find()?;
            found.shore.confirm(found.vessel.id, found.dev)?;
            found.reassess(format_args!("{} is confirmed", found.dev))
        }
        Command::Revoke { named, after: Some(after), agreed_by, yes, .. } => {
            revoke_receipted(&named.find()?, after, &agreed_by, yes)
        }
        Command::Revoke { named, reason, yes, .. } => {
            let found = named.find()?;
            let preview = found.shore.preview_revocation(found.vessel.id, found.dev)?;
            say(preview_words(found.dev, preview));
            if !yes {
                say("nothing was done yet: add --yes to do it");
                return Ok(());
            }
            found.shore.revoke(found.vessel.id, found.dev, reason.number())?;
            found.reassess(format_args!("{} is revoked", found.dev))
        }
        Command::Lost { named, hours_ago } => {
            let found = named.find()?;
            let reported = found.shore.now().saturating_sub(hours_ago * 3_600);
            found.shore.declare_lost(found.vessel.id, found.dev, reported)?;
            found.reassess(format_args!("{} is declared lost", found.dev))
        }
    }
}

fn revoke_receipted(
    found: &Found,
    after: u64,
    agreed_by: &[String],
    yes: bool,
) -> Result<(), Failure> {
    let [first, second] = agreed_by else {
        return Err("two people must agree: give --agreed-by twice".into());
    };
    if first.trim().to_lowercase() == second.trim().to_lowercase() {
        return Err("one person cannot agree twice: give --agreed-by with two names".into());
    }
    let receipted = found.shore.preview_revocation(found.vessel.id, found.dev)?.last_trusted_seq;
    if after >= receipted {
        return Err(format!(
            "record {after} is not below the last one receipted, {receipted}; leave --after out"
        )
        .into());
    }
    say(format_args!(
        "{} stays trusted to seq {after}; records to seq {receipted} were receipted and become suspect too, which every reader with a receipt is told. {first} and {second} agreed",
        found.dev
    ));
    if !yes {
        say("nothing was done yet: add --yes to do it");
        return Ok(());
    }
    found.shore.revoke_receipted(found.vessel.id, found.dev, after)?;
    found.reassess(format_args!("{} is revoked after seq {after}", found.dev))
}

fn forks(shore: &Shore, vessel: VesselId, folder: Option<&Path>) -> Result<(), Failure> {
    let found = shore.fork_proofs(vessel)?;
    if found.is_empty() {
        say(format_args!("no device of this vessel continued its chain twice"));
        return Ok(());
    }
    for proof in &found {
        let (dev, seq) = (proof.dev(), proof.seq);
        say(format_args!("{dev}  signed two different records {seq}"));
        let Some(folder) = folder else { continue };
        std::fs::create_dir_all(folder)?;
        let file = folder.join(format!("{dev}-{seq}.fork"));
        std::fs::write(&file, proof.encode()).map_err(|error| {
            format!("cannot write {} ({error}); choose another with --proofs", file.display())
        })?;
        say(format_args!("          {}", file.display()));
    }
    Ok(())
}

fn list(shore: &Shore, vessel: VesselId) -> Result<(), Failure> {
    let now = shore.now();
    let lines = shore.reading_held(vessel, |held| {
        let line = |dev: DeviceId| {
            let standing = held.authority().standing(dev);
            let records = held.beginning(dev).map_or(0, |beginning| beginning.records);
            let continues = continues_line(held, dev, now);
            format!("{dev}  {}; {records} records held{continues}", standing_words(standing))
        };
        devices(held).into_iter().map(line).collect::<Vec<String>>()
    })?;
    if lines.is_empty() {
        say("no devices yet; invite one with: deckwatch enrol VESSEL");
    }
    lines.into_iter().for_each(say);
    Ok(())
}

/// Which device it continues: with the next key after a rotation, or as a phone that was put back from a copy.
fn continues_line(held: &Held, dev: DeviceId, now: i64) -> String {
    if let Some(before) = held.before(dev).filter(|_| held.authority().standing(dev).is_some()) {
        return format!(", took the place of {before} when its key was rotated");
    }
    if let Some(RotationClaim { before, certificate }) = held.rotation_claim(dev, now) {
        let refused = certificate.err().map(|why| format!(", not certified by itself: {why}"));
        return format!(", says that it took the place of {before}{}", refused.unwrap_or_default());
    }
    let continues = held.beginning(dev).and_then(|beginning| beginning.continues);
    continues.map_or_else(String::new, |it| format!(", continues {}", it.dev))
}

fn standing_words(standing: Option<&Standing>) -> String {
    let Some(standing) = standing else {
        return "not certified (deckwatch device certify)".to_owned();
    };
    let mut words = roles_words(standing.roles);
    if let Some(by) = standing.ship_enrolled {
        words +=
            &format!(", enrolled on board by {}, not confirmed (deckwatch device confirm)", by.dev);
    }
    if let Some(seq) = standing.last_trusted_seq {
        words += &format!(", revoked after seq {seq}");
    }
    if standing.lost.is_some() {
        words += ", declared lost";
    }
    if let Some(rotated) = standing.rotated {
        let to = rotated.to.map_or_else(String::new, |to| format!(" to {to}"));
        words += &format!(", key rotated{to} after seq {}", rotated.seq);
    }
    words
}

fn roles_words(roles: Roles) -> String {
    let named = [(Roles::CREW, "crew"), (Roles::OFFICER, "officer"), (Roles::HUB, "hub")];
    let words: Vec<&str> =
        named.iter().filter(|(role, _)| roles.has(*role)).map(|(_, word)| *word).collect();
    if words.is_empty() { "no role".to_owned() } else { words.join(" and ") }
}

fn continues_words(continues: &Continues) -> String {
    let signed = if continues.signature.is_some() {
        "signed with its key"
    } else {
        "its key is gone, so anybody could say so"
    };
    format!(
        "it says that it continues {} ({signed}): the copy held records to seq {}, recorded were records to seq {}",
        continues.dev, continues.held_seq, continues.marker_seq
    )
}

fn preview_words(dev: DeviceId, preview: RevocationPreview) -> String {
    let RevocationPreview { last_trusted_seq, suspect, phones } = preview;
    let records = if suspect == 1 { "record" } else { "records" };
    let mut words = format!(
        "{dev} stays trusted to seq {last_trusted_seq}, the last one receipted; {suspect} {records} after it become suspect"
    );
    if phones > 0 {
        let certified = if phones == 1 { "1 phone" } else { &format!("{phones} phones") };
        words += &format!(", and {certified} enrolled on board after it lose their certificate");
    }
    words
}
