//! Rotating codes on a display: RFC 6238 with HMAC-SHA-256, 8 digits, a new code every 30 s.

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::tag_key::TagKey;
use crate::model::TagId;

/// Seconds that a code is shown.
pub const STEP_SECS: i64 = 30;
/// Digits of a code.
pub const DIGITS: usize = 8;
/// Codes below this.
const CODES: u32 = 100_000_000;
/// A display's clock may be wrong by so many steps.
pub const DRIFT_STEPS: i64 = 2;
/// Codes that are tried for one scan at most, beside the drift: a day. A guess hits one of so many with
/// a chance of 3 in 100,000.
pub const MOST_STEPS: i64 = 2_880;

/// The secret of a display: HMAC-SHA-256(master, "deckwatch/1/display" || tag).
#[derive(Clone)]
pub struct DisplaySecret(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for DisplaySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DisplaySecret(secret)")
    }
}

impl DisplaySecret {
    /// The secret of `tag`, from a vessel's master key.
    pub fn of(master: &TagKey, tag: TagId) -> Self {
        let code = hmac::<Sha256>(master.expose(), &[b"deckwatch/1/display", &tag.0]);
        let mut secret = Zeroizing::new([0; 32]);
        secret.iter_mut().zip(code).for_each(|(to, from)| *to = from);
        Self(secret)
    }

    /// The bytes: for the display, and for nobody else.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the display shows at `time`, Unix seconds.
    pub fn code_at(&self, time: i64) -> u32 {
        self.code_of(time.div_euclid(STEP_SECS))
    }

    fn code_of(&self, step: i64) -> u32 {
        u32::try_from(step.max(0))
            .map_or(0, |_| truncated(&hmac::<Sha256>(&self.0[..], &[&step.max(0).to_be_bytes()])))
    }

    /// Whether the display may have shown `code` at some moment of `from..=until` (Unix seconds).
    /// `None` = that is too long to say anything.
    pub fn shows_within(&self, code: u64, from: i64, until: i64) -> Option<bool> {
        let first = from.div_euclid(STEP_SECS);
        let last = until.div_euclid(STEP_SECS);
        if !(0..MOST_STEPS).contains(&last.checked_sub(first)?) {
            return None;
        }
        let steps = first.saturating_sub(DRIFT_STEPS)..=last.saturating_add(DRIFT_STEPS);
        Some(steps.into_iter().any(|step| u64::from(self.code_of(step)) == code))
    }
}

fn hmac<H: EagerHash>(key: &[u8], parts: &[&[u8]]) -> Vec<u8>
where
    Hmac<H>: Mac + KeyInit,
{
    // HMAC takes keys of every length.
    let Ok(mut mac) = <Hmac<H> as KeyInit>::new_from_slice(key) else { return Vec::new() };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// RFC 4226 section 5.3.
fn truncated(code: &[u8]) -> u32 {
    let offset = usize::from(code.last().copied().unwrap_or(0) & 0x0f);
    let four = code.get(offset..).and_then(|rest| rest.first_chunk::<4>());
    four.map_or(0, |four| (u32::from_be_bytes(*four) & 0x7fff_ffff) % CODES)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sha1::Sha1;
    use sha2::Sha512;

    use super::*;

    #[test]
    fn the_codes_of_rfc_6238() {
        let file: Value = serde_json::from_str(include_str!("vectors/rfc6238_totp.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 18);
        for vector in vectors {
            let name = vector["alg"].as_str().unwrap();
            let seed = file["seeds_ascii"][name].as_str().unwrap().as_bytes();
            let time = vector["t"].as_i64().unwrap();
            let step = (time / STEP_SECS).to_be_bytes();
            let code = match name {
                "SHA1" => hmac::<Sha1>(seed, &[&step]),
                "SHA256" => hmac::<Sha256>(seed, &[&step]),
                _ => hmac::<Sha512>(seed, &[&step]),
            };
            let code = format!("{:08}", truncated(&code));
            assert_eq!(code, vector["totp"].as_str().unwrap(), "{name} at {time}");
            if name == "SHA256" {
                let secret = DisplaySecret(Zeroizing::new(seed.try_into().unwrap()));
                assert_eq!(format!("{:08}", secret.code_at(time)), code);
            }
        }
    }

    #[test]
    fn a_code_counts_near_its_time_alone() {
        let secret = DisplaySecret::of(&TagKey::new([1; 16]), TagId([2; 16]));
        let now = 1_800_000_000;
        let code = u64::from(secret.code_at(now));
        assert_eq!(secret.shows_within(code, now, now), Some(true));
        assert_eq!(secret.shows_within(code, now - 600, now + 600), Some(true));
        assert_eq!(secret.shows_within(code, now - 60, now - 60), Some(true), "drift");
        assert_eq!(secret.shows_within(code, now + 120, now + 600), Some(false));
        assert_eq!(secret.shows_within(code + 1, now, now), Some(false));
        // Nobody can say for a day and more, nor for an interval that is none.
        assert_eq!(secret.shows_within(code, now - 86_400, now), None);
        assert_eq!(secret.shows_within(code, now, now - 60), None);
        assert_eq!(secret.shows_within(code, i64::MIN, i64::MAX), None);
        let other = DisplaySecret::of(&TagKey::new([1; 16]), TagId([3; 16]));
        assert_ne!(u64::from(other.code_at(now)), code);
        assert_eq!(format!("{other:?}"), "DisplaySecret(secret)");
    }
}
