//! What a walking phone shows so that a second one can join its patrol: FORMAT.md section 15.

use data_encoding::BASE64URL_NOPAD;

use super::{
    cbor::{CborError, Reader, Writer},
    fact::VERSION,
};
use crate::model::{CheckpointId, DeviceId, DueId, Hash, RouteId, VesselId};

const PREFIX: &str = "DECKWATCH-JOIN:";
/// Longer texts are not read.
const MAX_TEXT: usize = 1_024;

/// A patrol under way, as the phone that walks it shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinCode {
    /// The ship.
    pub vessel: VesselId,
    /// The phone that walks.
    pub dev: DeviceId,
    /// Its patrol number.
    pub patrol: u64,
    /// Seq of its newest record.
    pub seq: u64,
    /// Hash of its newest record.
    pub head: Hash,
    /// What the patrol answers.
    pub due: Option<DueId>,
    /// What is walked.
    pub route: Option<RouteId>,
    /// Which points are visited; `None` where none are demanded.
    pub visited: Option<VisitedPoints>,
}

/// Which of the demanded points are visited. For display only: what was visited, scans say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitedPoints {
    /// Names the list of points, so that another version of the Plan is not read into it.
    points: [u8; 4],
    /// One bit a point.
    bits: Vec<u8>,
}

/// Why a text is no join code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinCodeError {
    /// Something else.
    #[error("this is not a patrol to join; let the walking phone show its join code")]
    NotAJoinCode,
    /// Damaged.
    #[error("the join code is damaged ({0}); scan it again")]
    Damaged(#[from] CborError),
}

impl VisitedPoints {
    /// Which of `points` stand in `visited`. `None` if there are no points.
    pub fn of(points: &[CheckpointId], visited: &[CheckpointId]) -> Option<Self> {
        let mut bits = vec![0_u8; points.len().div_ceil(8)];
        for (byte, eight) in bits.iter_mut().zip(points.chunks(8)) {
            for (bit, point) in eight.iter().enumerate() {
                if visited.contains(point) {
                    *byte |= 0x80 >> bit;
                }
            }
        }
        (!points.is_empty()).then(|| Self { points: name_of(points), bits })
    }

    /// The visited ones of `points`, in their order; none if the code speaks of other points.
    pub fn among(&self, points: &[CheckpointId]) -> Vec<CheckpointId> {
        if self.points != name_of(points) || self.bits.len() != points.len().div_ceil(8) {
            return Vec::new();
        }
        let bytes = self.bits.iter().zip(points.chunks(8));
        let visited = bytes.flat_map(|(byte, eight)| {
            let bits = eight.iter().enumerate();
            bits.filter(move |(bit, _)| byte & (0x80 >> *bit) != 0).map(|(_, point)| *point)
        });
        visited.collect()
    }
}

/// The first 4 bytes of the SHA-256 of the points' ids.
fn name_of(points: &[CheckpointId]) -> [u8; 4] {
    let ids: Vec<u8> = points.iter().flat_map(|point| point.0).collect();
    let [a, b, c, d, ..] = Hash::of(&ids).0;
    [a, b, c, d]
}

impl JoinCode {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        to.array(9).uint(VERSION).bytes(&self.vessel.0).bytes(&self.dev.0).uint(self.patrol);
        to.uint(self.seq).bytes(&self.head.0);
        to.optional(self.due.as_ref(), |to, due| to.bytes(&due.0));
        to.optional(self.route.as_ref(), |to, route| to.bytes(&route.0));
        to.optional(self.visited.as_ref(), |to, visited| {
            to.array(2).bytes(&visited.points).bytes(&visited.bits)
        });
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&to.finish()))
    }

    /// Reads the text form.
    pub fn from_text(text: &str) -> Result<Self, JoinCodeError> {
        let text = text.trim();
        let encoded = text
            .strip_prefix(PREFIX)
            .filter(|_| text.len() <= MAX_TEXT)
            .ok_or(JoinCodeError::NotAJoinCode)?;
        let damaged = |_| JoinCodeError::Damaged(CborError::Expected("base64url"));
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(damaged)?;
        let mut from = Reader::new(&bytes)?;
        from.array(9)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a join code of version 1").into());
        }
        Ok(Self {
            vessel: VesselId(from.fixed()?),
            dev: DeviceId(from.fixed()?),
            patrol: from.uint()?,
            seq: from.uint()?,
            head: from.hash()?,
            due: from.optional(|from| from.fixed().map(DueId))?,
            route: from.optional(|from| from.fixed().map(RouteId))?,
            visited: from.optional(|from| {
                from.array(2)?;
                Ok(VisitedPoints { points: from.fixed()?, bits: from.bytes()?.to_vec() })
            })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(n: u8) -> Vec<CheckpointId> {
        (0..n).map(|n| CheckpointId([n; 8])).collect()
    }

    proptest! {
        #[test]
        fn visited_points_survive_the_code(n in 0_u8..40, picks in proptest::collection::vec(any::<bool>(), 40)) {
            let points = points(n);
            let picked = points.iter().zip(picks).filter(|(_, pick)| *pick);
            let visited: Vec<CheckpointId> = picked.map(|(point, _)| *point).collect();
            let code = JoinCode {
                vessel: VesselId([7; 16]),
                dev: DeviceId([1; 8]),
                patrol: 3,
                seq: 70_000,
                head: Hash::of(b"head"),
                due: (n % 2 == 0).then_some(DueId([2; 16])),
                route: (n % 3 == 0).then_some(RouteId([3; 8])),
                visited: VisitedPoints::of(&points, &visited),
            };
            let text = code.to_text();
            let read = JoinCode::from_text(&format!(" {text}\n")).unwrap();
            prop_assert_eq!(&read, &code);
            let shown = read.visited.map(|read| read.among(&points)).unwrap_or_default();
            prop_assert_eq!(shown, visited);
        }
    }

    #[test]
    fn another_list_of_points_shows_nothing() {
        let (four, mut turned) = (points(4), points(4));
        turned.swap(0, 1);
        let visited = VisitedPoints::of(&four, &four).unwrap();
        assert_eq!(visited.among(&four), four);
        assert!(visited.among(&turned).is_empty() && visited.among(&points(5)).is_empty());
        assert_eq!(VisitedPoints::of(&[], &[]), None);
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let code = JoinCode {
            vessel: VesselId([7; 16]),
            dev: DeviceId([1; 8]),
            patrol: 1,
            seq: 4,
            head: Hash::of(b"head"),
            due: Some(DueId([2; 16])),
            route: None,
            visited: None,
        };
        let text = code.to_text();
        for cut in 0..text.len() {
            assert!(JoinCode::from_text(&text[..cut]).is_err());
        }
        let other = JoinCode::from_text("DECKWATCH-ENROL:hw");
        assert_eq!(other, Err(JoinCodeError::NotAJoinCode));
    }
}
