//! What is withheld from whom: README.md section 6. Segments are shown without their key, each shown part with its own salt.

use serde::Serialize;

use crate::{
    model::DeviceId,
    record::{
        Kind, Part, Segment,
        cbor::{CborError, Reader, Writer},
    },
};

/// Rules of one bundle at most.
pub const MAX_RULES: usize = 64;

/// Kinds whose content every bundle shows: nothing personal stands in it, and without it neither keys, authority, time nor
/// the Plan could be checked. Genesis, anchor, join, seen, document, plan_adopt, plan_seen, tag_check, certificate, rotate, lost, revoke, erase,
/// ack, ledger.
pub const ALWAYS_SHOWN: [Kind; 15] = [1, 7, 10, 15, 16, 17, 18, 19, 23, 24, 25, 26, 27, 29, 30];

/// A set of the parts of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Shown {
    /// When.
    pub time: bool,
    /// Who.
    pub person: bool,
    /// What, of the kinds that a bundle may withhold.
    pub content: bool,
}

impl Shown {
    /// Every part.
    pub const ALL: Self = Self { time: true, person: true, content: true };

    /// As records write sets of parts: a sum of 1 time, 2 person, 4 content.
    pub fn number(self) -> u64 {
        u64::from(self.time) + 2 * u64::from(self.person) + 4 * u64::from(self.content)
    }

    /// Reads the sum.
    pub fn from_number(number: u64) -> Option<Self> {
        let bit = |bit: u64| number & bit == bit;
        (number <= 7).then_some(Self { time: bit(1), person: bit(2), content: bit(4) })
    }

    /// Whether a part is in the set.
    pub fn has(self, part: Part) -> bool {
        match part {
            Part::Time => self.time,
            Part::Person => self.person,
            Part::Content => self.content,
        }
    }
}

/// Parts of a range of records that a bundle does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// Of one device; `None`: of all.
    pub dev: Option<DeviceId>,
    /// From this record on.
    pub from: u64,
    /// Up to this record.
    pub to: u64,
    /// These parts.
    pub parts: Shown,
}

impl Withheld {
    /// The same parts of every record of every device.
    pub fn everywhere(parts: Shown) -> Self {
        Self { dev: None, from: 0, to: u64::MAX, parts }
    }

    /// Whether the rule withholds this part of this record.
    pub fn covers(&self, dev: DeviceId, seq: u64, kind: Kind, part: Part) -> bool {
        let kept = part == Part::Content && ALWAYS_SHOWN.contains(&kind);
        self.dev.is_none_or(|of| of == dev)
            && (self.from..=self.to).contains(&seq)
            && self.parts.has(part)
            && !kept
    }

    pub(super) fn encode(&self, to: &mut Writer) {
        to.array(4).optional(self.dev.as_ref(), |to, dev| to.bytes(&dev.0));
        to.uint(self.from).uint(self.to).uint(self.parts.number());
    }

    pub(super) fn decode(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        let dev = from.optional(|from| from.fixed().map(DeviceId))?;
        let (first, last) = (from.uint()?, from.uint()?);
        let parts = Shown::from_number(from.uint()?).filter(|parts| parts.number() != 0);
        match parts {
            Some(parts) if first <= last => Ok(Self { dev, from: first, to: last, parts }),
            _ => Err(CborError::Expected("a range of records and a set of their parts")),
        }
    }
}

/// A segment as a bundle shows it: without its key, and without what the rules withhold.
pub fn disclose(segment: &Segment, rules: &[Withheld]) -> Segment {
    let kind = |seq: u64| -> Kind {
        let at = usize::try_from(seq.saturating_sub(segment.from)).ok();
        at.and_then(|at| segment.items.get(at)).map_or(0, |item| item.kind)
    };
    segment.disclose(|seq, part| {
        !rules.iter().any(|rule| rule.covers(segment.dev, seq, kind(seq), part))
    })
}
