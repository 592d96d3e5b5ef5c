//! The payload of a QR label, FORMAT.md section 13.

use std::fmt;

use super::{crockford, totp::DIGITS};
use crate::model::id::{TagId, VesselId};

/// Longest text that is looked at. A label with the longest host has 110 characters.
pub const TEXT_MAX: usize = 512;

/// Longest host in a payload. With 64 characters the symbol has 37 modules a side; a longer host
/// would make the modules too small for a label of this size.
pub const HOST_MAX: usize = 64;

const VERSION: &str = "1";
const HINT_BITS: u32 = 30;
const TAG_BITS: u32 = 128;

/// The first 30 bits of a vessel id: enough to say "this label is of another ship", not an identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VesselHint(u32);

impl VesselHint {
    /// The hint that labels of `vessel` carry.
    pub fn of(vessel: VesselId) -> Self {
        let [a, b, c, d, ..] = vessel.0;
        Self(u32::from_be_bytes([a, b, c, d]) >> 2)
    }
}

impl fmt::Display for VesselHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crockford::encode(u128::from(self.0), HINT_BITS))
    }
}

impl fmt::Debug for VesselHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VesselHint({self})")
    }
}

/// What a QR label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// Whose label it is, roughly.
    pub vessel_hint: VesselHint,
    /// The tag that the Plan binds to a checkpoint.
    pub tag: TagId,
    /// What a display shows beside it and changes every 30 s; `None` on paper.
    pub code: Option<u32>,
}

/// Why a text is no label, or why a label cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// Some other QR code.
    #[error("not a Deckwatch label")]
    NotALabel,
    /// The path names a version that this reader does not know.
    #[error("a Deckwatch label of version {version}, this reader knows version 1")]
    NewerVersion {
        /// What the label says.
        version: u8,
    },
    /// The path is that of a label, but what follows is not.
    #[error("a damaged Deckwatch label: {reason}")]
    Damaged {
        /// What is wrong.
        reason: Damage,
    },
    /// The host cannot stand in a label.
    #[error("not a host for labels: {0}")]
    BadHost(&'static str),
}

/// What is wrong with a damaged label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Not the two parts, vessel and tag.
    #[error("expected a vessel and a tag")]
    Parts,
    /// The first part is not 6 characters of Crockford base 32.
    #[error("the vessel part is not 6 characters of base 32")]
    Vessel,
    /// The second part is not 26 characters of Crockford base 32 that end in two zero bits.
    #[error("the tag part is not 26 characters of base 32")]
    Tag,
    /// The third part, which displays have, is not 8 digits.
    #[error("the code is not 8 digits")]
    Code,
}

impl LabelError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotALabel => "point the camera at the checkpoint's own label",
            Self::NewerVersion { .. } => {
                "update the app, and enter the checkpoint by hand until then"
            }
            Self::Damaged { .. } => "enter the checkpoint by hand, and print the label anew",
            Self::BadHost(_) => {
                "give a host name such as dw.example, with a port if it needs one, in ASCII (xn-- form)"
            }
        }
    }
}

impl Label {
    /// The label of `tag` on `vessel`.
    pub fn new(vessel: VesselId, tag: TagId) -> Self {
        Self { vessel_hint: VesselHint::of(vessel), tag, code: None }
    }

    /// The same label as a display shows it, with the code of the moment.
    pub fn showing(self, code: u32) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The text of the QR code. `host` is what a camera that knows nothing of Deckwatch will show and
    /// open: a name or an IPv4 address, with or without a port. It is written in upper case.
    pub fn payload(&self, host: &str) -> Result<String, LabelError> {
        let host = checked_host(host).map_err(LabelError::BadHost)?;
        let tag = crockford::encode(u128::from_be_bytes(self.tag.0), TAG_BITS);
        let code = self.code.map_or_else(String::new, |code| format!("/{code:0DIGITS$}"));
        Ok(format!("HTTPS://{host}/T/{VERSION}/{}/{tag}{code}", self.vessel_hint))
    }

    /// Reads the text of a QR code.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let (version, rest) = label_path(text).ok_or(LabelError::NotALabel)?;
        if version != VERSION {
            let version = newer_version(version).ok_or(LabelError::NotALabel)?;
            return Err(LabelError::NewerVersion { version });
        }
        let damaged = |reason| LabelError::Damaged { reason };
        let (hint, tag) = rest.split_once('/').ok_or_else(|| damaged(Damage::Parts))?;
        let (tag, code) = match tag.split_once('/') {
            Some((_, rest)) if rest.is_empty() || rest.contains('/') => {
                return Err(damaged(Damage::Parts));
            }
            Some((tag, code)) => (tag, Some(code_of(code).ok_or_else(|| damaged(Damage::Code))?)),
            None => (tag, None),
        };
        let hint = crockford::decode(hint, HINT_BITS).and_then(|bits| u32::try_from(bits).ok());
        let tag = crockford::decode(tag, TAG_BITS);
        Ok(Self {
            vessel_hint: VesselHint(hint.ok_or_else(|| damaged(Damage::Vessel))?),
            tag: TagId(tag.ok_or_else(|| damaged(Damage::Tag))?.to_be_bytes()),
            code,
        })
    }

    /// Whether the label may be of `vessel`: a false "yes" has a chance of 1 in 2^30 a vessel.
    /// Only the Plan says for certain whose tag it is.
    pub fn belongs_to(&self, vessel: VesselId) -> bool {
        self.vessel_hint == VesselHint::of(vessel)
    }

    /// The first 8 characters of the tag's text, as `7ZKQ-04TN`: what people read out and compare.
    pub fn short_code(&self) -> String {
        let [a, b, c, d, e, ..] = self.tag.0;
        let first = crockford::encode(
            u128::from_be_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d, e]),
            40,
        );
        let (left, right) = first.split_at(4);
        format!("{left}-{right}")
    }
}

fn code_of(text: &str) -> Option<u32> {
    let digits = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Version and rest of `SCHEME://HOST/T/VERSION/REST`, whatever scheme and host are.
fn label_path(text: &str) -> Option<(&str, &str)> {
    if text.len() > TEXT_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let (host, rest) = rest.split_once('/')?;
    let (kind, rest) = rest.split_once('/')?;
    if scheme.is_empty()
        || scheme.contains('/')
        || host.is_empty()
        || !kind.eq_ignore_ascii_case("t")
    {
        return None;
    }
    rest.split_once('/')
}

/// 2 to 99 without a leading zero. Forums have paths such as `/t/48213/7`: those are not labels.
fn newer_version(text: &str) -> Option<u8> {
    let digits = matches!(text.as_bytes(), [b'1'..=b'9'] | [b'1'..=b'9', b'0'..=b'9']);
    text.parse().ok().filter(|&version: &u8| digits && version > 1)
}

pub(super) fn checked_host(host: &str) -> Result<String, &'static str> {
    if host.len() > HOST_MAX {
        return Err("it is longer than 64 characters");
    }
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let port_is_fine = port.is_none_or(|port| {
        !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    });
    if !port_is_fine {
        return Err("the port is not a number from 1 to 65535");
    }
    let part_is_fine = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if !name.split('.').all(part_is_fine) {
        return Err(
            "a name has letters, digits and inner hyphens between its dots, and nothing else",
        );
    }
    Ok(host.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VESSEL: VesselId = VesselId([0xff; 16]);
    const TAG: TagId = TagId([0x11; 16]);

    #[test]
    fn the_payload_is_the_one_of_the_format() {
        let label = Label::new(VESSEL, TAG);
        assert_eq!(
            label.payload("dw.example"),
            Ok("HTTPS://DW.EXAMPLE/T/1/ZZZZZZ/248H248H248H248H248H248H24".to_owned())
        );
        assert_eq!(label.short_code(), "248H-248H");
        assert_eq!(Label::parse(&label.payload("192.0.2.7:8443").unwrap()), Ok(label));
    }

    #[test]
    fn a_display_shows_a_code_of_eight_digits() {
        let shown = Label::new(VESSEL, TAG).showing(42);
        let payload = shown.payload("dw.example").unwrap();
        assert!(payload.ends_with("/248H248H248H248H248H248H24/00000042"), "{payload}");
        assert_eq!(Label::parse(&payload), Ok(shown));
        assert_ne!(shown, Label::new(VESSEL, TAG));
    }

    #[test]
    fn the_hint_is_the_first_30_bits() {
        let mut other = VESSEL;
        other.0[3] = 0xfc;
        assert!(Label::new(VESSEL, TAG).belongs_to(other), "bits 31 and 32 do not count");
        other.0[3] = 0xf8;
        assert!(!Label::new(VESSEL, TAG).belongs_to(other), "bit 30 counts");
        assert_eq!(VesselHint::of(VesselId([0; 16])).to_string(), "000000");
    }

    #[test]
    fn scheme_host_case_and_look_alikes_do_not_matter() {
        let label = Label::new(VesselId([0; 16]), TagId([0x08; 16]));
        let payload = label.payload("a").unwrap();
        let path = payload.strip_prefix("HTTPS://A/T/1/").unwrap();
        assert!(path.contains('0') && path.contains('1'));
        for (scheme_and_host, path) in [
            ("http://other.example", path.to_owned()),
            ("dw+x://user@[::1]:8", path.to_lowercase()),
            ("a://b", path.replace('0', "O").replace('1', "I")),
            ("A://B", path.replace('0', "o").replace('1', "l")),
            ("A://B", path.replace('1', "L")),
        ] {
            for kind in ["T", "t"] {
                let text = format!("{scheme_and_host}/{kind}/1/{path}");
                assert_eq!(Label::parse(&text), Ok(label), "{text}");
            }
        }
    }

    #[test]
    fn other_codes_are_not_labels() {
        let long = format!("HTTPS://{}/T/1/ZZZZZZ/248H248H248H248H248H248H24", "A".repeat(512));
        for text in [
            "",
            "T/1/ZZZZZZ/248H248H248H248H248H248H24",
            "https://example.org/",
            "https://example.org/t",
            "https://example.org/t/1",
            "https://example.org/x/t/1/ZZZZZZ/248H248H248H248H248H248H24",
            "https://forum.example/t/48213/7",
            "https://forum.example/t/how-to/48213",
            "https://example.org/t/01/ZZZZZZ/248H248H248H248H248H248H24",
            "https://example.org/t/+2/ZZZZZZ/248H248H248H248H248H248H24",
            "https://example.org/t/0/ZZZZZZ/248H248H248H248H248H248H24",
            "https:///T/1/ZZZZZZ/248H248H248H248H248H248H24",
            " HTTPS://A/T/1/ZZZZZZ/248H248H248H248H248H248H24",
            "HTTPS://A/T/1/ZZZZZZ/248H248H248H248H248H248H24\n",
            "HTTPS://Ä/T/1/ZZZZZZ/248H248H248H248H248H248H24",
            "DECKWATCH-ENROL:gwFk",
            "WIFI:S:bridge;T:WPA;P:secret;;",
            &long,
        ] {
            assert_eq!(Label::parse(text), Err(LabelError::NotALabel), "{text}");
        }
    }

    #[test]
    fn a_newer_label_is_told_from_a_damaged_one() {
        for (version, rest) in [("2", "anything"), ("17", "ZZZZZZ/1/2/3"), ("99", "")] {
            assert_eq!(
                Label::parse(&format!("HTTPS://A/T/{version}/{rest}")),
                Err(LabelError::NewerVersion { version: version.parse().unwrap() })
            );
        }
        for (rest, reason) in [
            ("", Damage::Parts),
            ("ZZZZZZ", Damage::Parts),
            ("ZZZZZZ/248H248H248H248H248H248H24/", Damage::Parts),
            ("ZZZZZZ/248H248H248H248H248H248H24/12345678/1", Damage::Parts),
            ("ZZZZZZ/248H248H248H248H248H248H24/1234567", Damage::Code),
            ("ZZZZZZ/248H248H248H248H248H248H24/+1234567", Damage::Code),
            ("ZZZZZ/248H248H248H248H248H248H24", Damage::Vessel),
            ("ZZZZZU/248H248H248H248H248H248H24", Damage::Vessel),
            ("ZZZZZZ/248H248H248H248H248H248H2", Damage::Tag),
            ("ZZZZZZ/248H248H248H248H248H248H244", Damage::Tag),
            ("ZZZZZZ/248H248H248H248H248H248H25", Damage::Tag),
            ("ZZZZZZ/248H248H248H248H248H248H26", Damage::Tag),
            ("ZZZZZZ/248H248H248H248H248H248H24?x=1", Damage::Tag),
            ("ZZZZZZ/248H-248H248H248H248H248H24", Damage::Tag),
        ] {
            let error = Label::parse(&format!("HTTPS://A/T/1/{rest}")).unwrap_err();
            assert_eq!(error, LabelError::Damaged { reason }, "{rest}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn hosts_that_would_break_the_url_or_the_mode_are_refused() {
        let label = Label::new(VESSEL, TAG);
        let long = format!("{}.example", "a".repeat(60));
        for host in [
            "",
            ".",
            "a..b",
            "a.",
            "-a.b",
            "a-.b",
            "a b",
            "a/b",
            "a_b",
            "ä.example",
            "[::1]",
            "a:b",
            "a:",
            "a:0",
            "a:080",
            "a:65536",
            "a:+80",
            "a:80:80",
            "a@b",
            &long,
        ] {
            assert!(matches!(label.payload(host), Err(LabelError::BadHost(_))), "{host}");
        }
        let longest = format!("{}.{}", "a".repeat(31), "b".repeat(32));
        assert_eq!(Label::parse(&label.payload(&longest).unwrap()), Ok(label));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(vessel: [u8; 16], tag: [u8; 16], lower: bool) {
            let label = Label::new(VesselId(vessel), TagId(tag));
            let mut text = label.payload("dw.example").unwrap();
            prop_assert!(text.bytes().all(|b| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&b)));
            if lower {
                text.make_ascii_lowercase();
            }
            prop_assert_eq!(Label::parse(&text), Ok(label));
            prop_assert!(label.belongs_to(VesselId(vessel)));
        }

        #[test]
        fn two_texts_of_one_label_differ_only_in_what_is_ignored(text in "HTTPS://A/T/1/[0-9A-Z]{6}/[0-9A-Z]{26}") {
            if let Ok(label) = Label::parse(&text) {
                let canonical = text.replace(['I', 'L'], "1").replace('O', "0");
                let written = label.payload("A").unwrap();
                prop_assert_eq!(written.split_once("/T/1/").unwrap().1, canonical.split_once("/T/1/").unwrap().1);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,600}") {
            let _ = Label::parse(&text);
            let _ = Label::new(VESSEL, TAG).payload(&text);
        }
    }
}
