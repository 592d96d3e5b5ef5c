//! `deckwatch enrol`.

use clap::{Args, ValueEnum};
use deckwatch_core::authority::Roles;

use super::{Data, Failure, find_vessel, say};

/// Whom to invite.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The vessel: name or id.
    vessel: String,
    #[command(flatten)]
    data: Data,
    /// What the phone may do.
    #[arg(long, value_enum, default_value = "crew")]
    role: Role,
    /// A word for the shore to know the phone by.
    #[arg(long, default_value = "phone")]
    label: String,
    /// Where the phone syncs.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    server: String,
    /// The invitation is honoured for so long.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=90))]
    days: i64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Role {
    /// Walks patrols.
    Crew,
    /// Ship security officer: walks patrols, and puts plans into force on board.
    Officer,
    /// The ship's hub.
    Hub,
}

impl Role {
    /// What the certificate says.
    pub(super) fn roles(self) -> Roles {
        match self {
            Self::Crew => Roles::CREW,
            Self::Officer => Roles::CREW.and(Roles::OFFICER),
            Self::Hub => Roles::HUB,
        }
    }
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let shore = options.data.open()?;
    let vessel = find_vessel(&shore, &options.vessel)?;
    let invitation = shore.invite(
        vessel.id,
        options.role.roles(),
        &options.label,
        &options.server,
        options.days * 86_400,
    )?;
    let text = invitation.to_text();
    let code = qrcode::QrCode::with_error_correction_level(text.as_bytes(), qrcode::EcLevel::L)?;
    // Two modules a character; light on dark terminals needs the colours turned round.
    let picture = code
        .render::<qrcode::render::unicode::Dense1x2>()
        .dark_color(qrcode::render::unicode::Dense1x2::Light)
        .light_color(qrcode::render::unicode::Dense1x2::Dark)
        .build();
    say(picture);
    say(text);
    say(format_args!("For one phone of {}, within {} days.", vessel.name, options.days));
    Ok(())
}
