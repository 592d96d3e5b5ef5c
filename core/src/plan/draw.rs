//! Openings and orders that nobody can foresee and everybody can check afterwards.
//!
//! A secret stands in the Plan from a day on. Its change is a leaf of the ledger before the days that it decides, so nobody can choose it
//! afterwards; who holds the Plan later draws again and compares. Phones hold it too, since they work for weeks without a link: they show
//! a drawn patrol when it opens, and whoever controls the phone's system can read ahead. SECURITY.md says so.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::model::{Hash, ScheduleId, VesselId};

/// The label of every draw.
const LABEL: &[u8] = b"deckwatch/1/draw";
/// The label of what may be published of a secret beforehand.
const PUBLISHED: &[u8] = b"deckwatch/1/draw/published";
/// The furthest that chance moves an opening, minutes: half a day.
pub const MOST_SPREAD: u32 = 12 * 60;

/// How far chance moves the openings of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Draw {
    /// An opening lies 0 to so many minutes after the nominal one.
    pub spread_minutes: u32,
    /// Two openings never lie further apart than this, whatever is drawn; `None` = no limit.
    pub most_apart_minutes: Option<u32>,
    /// The order of the points is drawn too.
    pub shuffled: bool,
}

impl Draw {
    /// How far this opening may move, minutes, where the one before lies so many minutes earlier: the limit holds even if that one did not move
    /// at all.
    pub fn room(&self, gap_before: Option<u32>) -> u32 {
        let limit = match (self.most_apart_minutes, gap_before) {
            (Some(most), Some(gap)) => most.saturating_sub(gap),
            _ => MOST_SPREAD,
        };
        self.spread_minutes.min(limit).min(MOST_SPREAD)
    }
}

/// What openings are drawn from: 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DrawSecret(pub [u8; 32]);

impl fmt::Debug for DrawSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DrawSecret({})", self.published())
    }
}

impl Serialize for DrawSecret {
    /// What may be published: a listing of a plan tells nobody what comes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.published().serialize(serializer)
    }
}

impl DrawSecret {
    /// SHA-256 over a label and the secret: it tells nothing of the days to come, and nobody finds another secret for it.
    pub fn published(&self) -> Hash {
        Hash(Sha256::new().chain_update(PUBLISHED).chain_update(self.0).finalize().into())
    }

    /// The numbers drawn for one nominal opening (Unix s).
    pub fn lot(&self, vessel: VesselId, schedule: ScheduleId, nominal: i64) -> Lot {
        let name = [&vessel.0[..], &schedule.0[..], &nominal.to_be_bytes()[..]].concat();
        Lot { secret: self.0, name }
    }
}

/// The numbers of one opening.
pub struct Lot {
    secret: [u8; 32],
    name: Vec<u8>,
}

impl Lot {
    /// A number below `bound`: the first 8 bytes of HMAC-SHA-256(secret, label || vessel || schedule || opening || counter), modulo
    /// `bound`. Bounds are below 2^16, so no number is likelier than another by more than 2^-48. 0 where `bound` is 0.
    pub fn below(&self, counter: u32, bound: u32) -> u32 {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return 0 };
        let mac =
            mac.chain_update(LABEL).chain_update(&self.name).chain_update(counter.to_be_bytes());
        let drawn = mac.finalize().into_bytes();
        let number = drawn.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        number.checked_rem(bound.into()).and_then(|it| u32::try_from(it).ok()).unwrap_or(0)
    }

    /// Minutes after the nominal opening: number 0.
    pub fn minutes(&self, room: u32) -> u32 {
        self.below(0, room.saturating_add(1))
    }

    /// The order of a route: Fisher and Yates from the end, with numbers 1, 2, ...
    pub fn shuffle<T>(&self, points: &mut [T]) {
        let last = u32::try_from(points.len()).unwrap_or(0).saturating_sub(1);
        for (counter, at) in (1..).zip((1..=last).rev()) {
            let other = self.below(counter, at + 1);
            points.swap(at as usize, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VESSEL: VesselId = VesselId([1; 16]);
    const SCHEDULE: ScheduleId = ScheduleId([2; 8]);

    /// Drawn by `tests/fixtures/draw.py`, which shares nothing with this program.
    #[test]
    fn another_program_draws_the_same() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/draw.json")).unwrap();
        let mut seen = 0;
        for vector in vectors.as_array().unwrap() {
            let bytes = |name: &str| {
                data_encoding::HEXLOWER.decode(vector[name].as_str().unwrap().as_bytes()).unwrap()
            };
            let secret = DrawSecret(bytes("secret").try_into().unwrap());
            let (vessel, schedule) = (bytes("vessel"), bytes("schedule"));
            let (vessel, schedule) =
                (VesselId(vessel.try_into().unwrap()), ScheduleId(schedule.try_into().unwrap()));
            let lot = secret.lot(vessel, schedule, vector["nominal"].as_i64().unwrap());
            let room = vector["room"].as_u64().unwrap() as u32;
            assert_eq!(u64::from(lot.minutes(room)), vector["minutes"].as_u64().unwrap());
            let mut order: Vec<u64> = (0..vector["points"].as_u64().unwrap()).collect();
            lot.shuffle(&mut order);
            assert_eq!(serde_json::to_value(order).unwrap(), vector["order"]);
            assert_eq!(secret.published().to_string(), vector["published"].as_str().unwrap());
            seen += 1;
        }
        assert_eq!(seen, 12);
    }

    #[test]
    fn every_minute_and_every_order_comes() {
        let secret = DrawSecret([7; 32]);
        let mut minutes = [0u32; 16];
        let mut orders = std::collections::BTreeMap::new();
        for nominal in 0..4_800 {
            let lot = secret.lot(VESSEL, SCHEDULE, nominal * 60);
            minutes[lot.minutes(15) as usize] += 1;
            let mut order = [0, 1, 2, 3];
            lot.shuffle(&mut order);
            *orders.entry(order).or_insert(0u32) += 1;
        }
        // 300 and 200 are expected; five standard deviations are 84 and 70.
        assert!(minutes.iter().all(|seen| (216..=384).contains(seen)), "{minutes:?}");
        assert_eq!(orders.len(), 24);
        assert!(orders.values().all(|seen| (130..=270).contains(seen)), "{orders:?}");
    }

    #[test]
    fn limits_beat_chance() {
        let draw = Draw { spread_minutes: 120, most_apart_minutes: Some(300), shuffled: false };
        assert_eq!(draw.room(Some(240)), 60);
        assert_eq!(draw.room(Some(300)), 0);
        assert_eq!(draw.room(Some(400)), 0, "the nominal openings alone lie too far apart");
        assert_eq!(draw.room(None), 120);
        assert_eq!(Draw { spread_minutes: u32::MAX, ..Draw::default() }.room(None), MOST_SPREAD);
    }

    #[test]
    fn a_secret_is_shown_nowhere() {
        let secret = DrawSecret([0xab; 32]);
        let shown = format!("{secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert!(!shown.contains("abab") && shown.contains(&secret.published().to_string()));
    }

    #[test]
    fn no_points_and_no_room_are_no_fault() {
        let lot = DrawSecret([1; 32]).lot(VESSEL, SCHEDULE, 0);
        lot.shuffle::<u8>(&mut []);
        lot.shuffle(&mut [1]);
        assert_eq!((lot.minutes(0), lot.below(0, 0)), (0, 0));
    }
}
