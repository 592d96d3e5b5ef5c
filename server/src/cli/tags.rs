//! `deckwatch tags`.

use clap::{Args, Subcommand};
use data_encoding::{BASE32, HEXUPPER};
use deckwatch_core::{
    model::{Level, TagId, TagUid},
    plan::{KeyedTag, PlanContent},
};

use super::{Data, Failure, find_vessel, plan_file::differences, say};
use crate::{
    entropy::SystemEntropy,
    shore::Shore,
    tags::{
        Keyed, TagError,
        disclose::Retired,
        provision::{Hanging, Proposal, TagSecrets, Wish},
    },
};

/// What to do.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a tag or display at a checkpoint, and print what it is written with; shows first what changes.
    ///
    /// A tag that signs is an NTAG 424 DNA. With --yes its keys are printed, for the tag writer: whoever reads them can
    /// forge its scans. They rest in the file VESSEL.tags in the folder of keys, and never in the database. An officer
    /// adopts the plan on board afterwards. The settings follow the data sheet and have not been tried on a real tag.
    #[command(
        after_help = "Examples:\n  deckwatch tags provision \"MV Aurelia\" --checkpoint \"Paint locker\" --uid 04de5f1eacc040 --host dw.example          # shows\n  deckwatch tags provision \"MV Aurelia\" --checkpoint \"Paint locker\" --uid 04de5f1eacc040 --host dw.example --yes\n  deckwatch tags provision \"MV Aurelia\" --checkpoint \"Gangway\" --uid 0102030405060a --plain --yes             # level 2: no keys\n  deckwatch tags provision \"MV Aurelia\" --checkpoint \"Bridge\" --display --min-level 3 --yes                   # a rotating code"
    )]
    Provision(Provision),
    /// List a vessel's tags and displays, their keys' versions, and how many scans wait for a check.
    #[command(after_help = "Example:\n  deckwatch tags list \"MV Aurelia\"")]
    List {
        /// The vessel: name or id.
        vessel: String,
        #[command(flatten)]
        data: Data,
    },
    /// Make a new version of a vessel's master key.
    ///
    /// Nothing changes for tags and displays until they are provisioned again. Scans that were made with an older version
    /// go on being checked with it.
    #[command(
        after_help = "Examples:\n  deckwatch tags rotate \"MV Aurelia\"          # shows what uses which version\n  deckwatch tags rotate \"MV Aurelia\" --yes"
    )]
    Rotate {
        /// The vessel: name or id.
        vessel: String,
        /// Do it.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Check scans that nobody has checked, and those that were refused: after a tag was registered late, or keys were
    /// installed.
    #[command(after_help = "Example:\n  deckwatch tags check \"MV Aurelia\"")]
    Check {
        /// The vessel: name or id.
        vessel: String,
        #[command(flatten)]
        data: Data,
    },
    /// Print retired keys as JSON, for an auditor; shows first which, and refuses keys in use.
    ///
    /// From then on the shown keys prove nothing: scans that come later and were made with them are refused. Wait until every
    /// phone has synced.
    #[command(
        after_help = "Examples:\n  deckwatch tags disclose \"MV Aurelia\"                    # shows which keys are retired\n  deckwatch tags disclose \"MV Aurelia\" --yes > keys.json\n  deckwatch tags disclose \"MV Aurelia\" --uid 04de5f1eacc040 --key-version 1 --yes"
    )]
    Disclose {
        /// The vessel: name or id.
        vessel: String,
        /// One tag alone.
        #[arg(long, requires = "key_version")]
        uid: Option<TagUidArgument>,
        /// One version alone.
        #[arg(long, requires = "uid", value_name = "N")]
        key_version: Option<u32>,
        /// Do it.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
struct Provision {
    /// The vessel: name or id.
    vessel: String,
    /// Where it hangs: the checkpoint's name or id.
    #[arg(long)]
    checkpoint: String,
    /// The tag's UID in hex.
    #[arg(long, required_unless_present = "display")]
    uid: Option<TagUidArgument>,
    /// The tag cannot sign: its UID is all that it shows.
    #[arg(long, conflicts_with_all = ["bound", "display"])]
    plain: bool,
    /// Experimental: phones write their nonce to the tag, and its message covers their chain.
    #[arg(long, conflicts_with = "display")]
    bound: bool,
    /// A display with a rotating code, instead of a tag.
    #[arg(long, conflicts_with = "uid")]
    display: bool,
    /// A display that is registered already, by its id.
    #[arg(long, requires = "display", value_name = "ID")]
    id: Option<String>,
    /// The host that the URL names, for phones that know nothing of Deckwatch.
    #[arg(long, default_value = "dw.example")]
    host: String,
    /// The least evidence level of a scan at this checkpoint from now on; 0 = any.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=5))]
    min_level: Option<u8>,
    /// Do it.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    data: Data,
}

/// A UID, read by clap.
#[derive(Debug, Clone, Copy)]
struct TagUidArgument(TagUid);

impl std::str::FromStr for TagUidArgument {
    type Err = deckwatch_core::model::TagUidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TagUid::from_hex(text).map(Self)
    }
}

pub(super) fn run(options: Options) -> Result<(), Failure> {
    match options.command {
        Command::Provision(wanted) => provision(&wanted),
        Command::List { vessel, data } => list(&data.open()?, &vessel),
        Command::Rotate { vessel, yes, data } => rotate(&data.open()?, &vessel, yes),
        Command::Check { vessel, data } => check(&data.open()?, &vessel),
        Command::Disclose { vessel, uid, key_version, yes, data } => {
            let only = uid.zip(key_version);
            let only =
                only.map(|(uid, key_version)| Retired { tag: Keyed::Nfc(uid.0), key_version });
            disclose(&data.open()?, &vessel, only, yes)
        }
    }
}

/// What went wrong, and what to do.
fn failed(error: TagError) -> Failure {
    let hint = error.hint();
    format!("{error}; {hint}").into()
}

fn provision(wanted: &Provision) -> Result<(), Failure> {
    let shore = wanted.data.open()?;
    let vessel = find_vessel(&shore, &wanted.vessel)?;
    let hanging = match (wanted.uid, wanted.plain) {
        (Some(uid), true) => Hanging::Plain(uid.0),
        (Some(uid), false) => Hanging::Signing { uid: uid.0, bound: wanted.bound },
        (None, _) => Hanging::Display(match &wanted.id {
            Some(id) => TagId::from_hex(id)?,
            None => TagId(deckwatch_core::entropy::draw(&mut SystemEntropy)),
        }),
    };
    let wish = Wish {
        vessel: vessel.id,
        checkpoint: wanted.checkpoint.clone(),
        hanging,
        host: wanted.host.clone(),
        min_level: wanted.min_level.map(Level::try_from).transpose()?,
    };
    if !wanted.yes {
        let proposal = shore.propose_tag(&wish).map_err(failed)?;
        show(&proposal);
        say("nothing was done yet: add --yes to register it and to print its keys");
        return Ok(());
    }
    let (proposal, secrets) = shore.provision_tag(&wish).map_err(failed)?;
    show(&proposal);
    match &secrets {
        None => {}
        Some(TagSecrets::Nfc(keys)) => {
            say("keys (secret: for the tag writer alone):");
            for (number, key) in keys.iter().enumerate() {
                say(format_args!("  key {number}: {}", HEXUPPER.encode(key.expose())));
            }
        }
        Some(TagSecrets::Display(secret)) => {
            say("secret of the display (for the display alone; SHA-256, 8 digits, 30 s):");
            say(format_args!("  {}", BASE32.encode(&secret.expose()[..])));
        }
    }
    say("registered; an officer adopts it on board after the next sync");
    Ok(())
}

fn show(proposal: &Proposal) {
    for change in differences(&proposal.before, &proposal.after) {
        say(change);
    }
    let Some(template) = &proposal.template else { return };
    say("NTAG 424 DNA (from the data sheet, not tried on a real tag):");
    say(format_args!("  NDEF URL: https://{}", template.url));
    say(format_args!("  NDEF file 2: {}", HEXUPPER.encode(&template.file())));
    say(format_args!("  UIDOffset: {}", template.uid_offset));
    say(format_args!("  SDMReadCtrOffset: {}", template.counter_offset));
    if let Some(nonce) = template.nonce_offset {
        say(format_args!("  nonce at: {nonce}, 32 digits, written by the phone (experimental)"));
    }
    say(format_args!("  SDMMACInputOffset: {}", template.mac_input_offset));
    say(format_args!("  SDMMACOffset: {}", template.mac_offset));
    let write = if template.nonce_offset.is_some() { "free" } else { "key 0" };
    say(format_args!("  access: read free, write {write}, read-write key 0, change key 0"));
    say("  SDM: UID and counter mirrored in plain, SDMFileRead key 2, counter retrieval none");
    say(format_args!("  ChangeFileSettings: {}", HEXUPPER.encode(&template.settings())));
}

/// Everything that hangs somewhere: what it is, at which level, and with which key.
fn hanging(plan: &PlanContent) -> Vec<(String, Option<Keyed>, KeyedTag)> {
    let nfc = plan.nfc.iter().map(|(uid, tag)| {
        let keyed = tag.key_version.map(|_| Keyed::Nfc(*uid));
        let level = if keyed.is_some() { Level::L4 } else { Level::L2 };
        (format!("tag {uid}  {level}"), keyed, *tag)
    });
    let displays = plan
        .displays
        .iter()
        .map(|(id, tag)| (format!("display {id}  {}", Level::L3), Some(Keyed::Display(*id)), *tag));
    nfc.chain(displays).collect()
}

fn list(shore: &Shore, named: &str) -> Result<(), Failure> {
    let vessel = find_vessel(shore, named)?;
    let (plan, _) = shore.plan(vessel.id)?;
    let masters = shore.tag_keys().load(vessel.id).map_err(|error| failed(error.into()))?;
    let masters = masters.unwrap_or_default();
    for (what, _, tag) in hanging(&plan) {
        let key = match tag.key_version {
            None => "no key".to_owned(),
            Some(version) if masters.version(version).is_none() => {
                format!("key {version}, which is not here")
            }
            Some(version) => format!("key {version}"),
        };
        say(format_args!("{what}  {key}  at {}", plan.checkpoint_name(tag.checkpoint)));
    }
    for master in masters.versions() {
        let made = crate::page::moment::utc_long(master.made);
        say(format_args!("master key {}: made {made}", master.version));
    }
    let waiting = shore.reading_held(vessel.id, |held| held.unchecked().open().count())?;
    say(format_args!("{waiting} scans wait for a check"));
    Ok(())
}

fn rotate(shore: &Shore, named: &str, yes: bool) -> Result<(), Failure> {
    let vessel = find_vessel(shore, named)?;
    let (plan, _) = shore.plan(vessel.id)?;
    let using: Vec<String> = hanging(&plan)
        .into_iter()
        .filter_map(|(what, keyed, tag)| {
            let version = keyed.and(tag.key_version)?;
            Some(format!("{what}  key {version}  at {}", plan.checkpoint_name(tag.checkpoint)))
        })
        .collect();
    using.iter().for_each(say);
    if !yes {
        say("nothing was done yet: add --yes to make a new version");
        return Ok(());
    }
    let version = shore.rotate_tag_keys(vessel.id).map_err(failed)?;
    say(format_args!(
        "master key {version} made; {} tags and displays go on with the version they were written with, until they are provisioned again",
        using.len()
    ));
    Ok(())
}

fn check(shore: &Shore, named: &str) -> Result<(), Failure> {
    let vessel = find_vessel(shore, named)?;
    let outcome = shore.check_tags(vessel.id).map_err(failed)?;
    let [ok, bad, unregistered, disclosed] = outcome.written;
    say(format_args!(
        "{} checked: {ok} good, {bad} bad, {unregistered} of tags that are not registered, {disclosed} with a key that was disclosed",
        outcome.total()
    ));
    if outcome.waiting > 0 {
        say(format_args!(
            "{} still wait: their keys are not here, their phone has no certificate, or the time of a code is not known yet",
            outcome.waiting
        ));
    }
    Ok(())
}

fn disclose(shore: &Shore, named: &str, only: Option<Retired>, yes: bool) -> Result<(), Failure> {
    let vessel = find_vessel(shore, named)?;
    if !yes {
        let retired = shore.retired_tag_keys(vessel.id).map_err(failed)?;
        for one in retired.iter().filter(|one| only.is_none_or(|only| only == **one)) {
            say(format_args!("{} key {}", one.tag, one.key_version));
        }
        let waiting = shore.reading_held(vessel.id, |held| held.unchecked().open().count())?;
        say(format_args!(
            "{} retired keys, {waiting} scans wait for a check; nothing was done yet: add --yes to disclose",
            retired.len()
        ));
        return Ok(());
    }
    let keys = shore.disclose_tag_keys(vessel.id, only).map_err(failed)?;
    let told = serde_json::json!({
        "form": 1,
        "vessel": vessel.id,
        "disclosed_at": shore.now(),
        "keys": keys,
    });
    say(serde_json::to_string_pretty(&told)?);
    Ok(())
}
