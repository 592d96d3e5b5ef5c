//! Ids that devices compute alone and find equal: FORMAT.md sections 7 and 8.

use sha2::{Digest, Sha256};

use super::{DeviceId, DocumentId, DueId, ScheduleId, VesselId};

/// The id of one occurrence that a schedule demands: FORMAT.md section 7.
///
/// `nominal_opening` is in Unix seconds, under the adopted plan; `slot` is the number
/// that the schedule gives the occurrence.
pub fn due_id(vessel: VesselId, schedule: ScheduleId, slot: u32, nominal_opening: i64) -> DueId {
    DueId(digest(
        b"deckwatch/1/due",
        &[&vessel.0, &schedule.0, &slot.to_be_bytes(), &nominal_opening.to_be_bytes()],
    ))
}

/// What a Page is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum PageSubject {
    /// A due patrol, whoever walked it.
    Due(DueId),
    /// A patrol that no plan demanded.
    Unplanned {
        /// The device that started it.
        dev: DeviceId,
        /// That device's patrol number.
        patrol: u64,
    },
    /// A ship-time day, in days since 1970-01-01.
    Day(i64),
}

/// The id of a Page: FORMAT.md section 8.
pub fn page_id(vessel: VesselId, subject: PageSubject) -> DocumentId {
    let (kind, subject) = match subject {
        PageSubject::Due(due) => (1, due.0.to_vec()),
        PageSubject::Unplanned { dev, patrol } => (2, [dev.0, patrol.to_be_bytes()].concat()),
        PageSubject::Day(day) => (3, day.to_be_bytes().to_vec()),
    };
    DocumentId(digest(b"deckwatch/1/page", &[&[kind], &vessel.0, &subject]))
}

/// The first 16 bytes of SHA-256 of label and fields. Every field has a fixed length.
fn digest(label: &[u8], fields: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(label);
    fields.iter().for_each(|field| hash.update(field));
    let mut id = [0; 16];
    id.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    id
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_changes_the_id() {
        let (vessel, schedule) = (VesselId([1; 16]), ScheduleId([2; 8]));
        let due = due_id(vessel, schedule, 3, 1_800_000_000);
        let page = |vessel, subject| page_id(vessel, subject).0;
        let unplanned = |dev, patrol| PageSubject::Unplanned { dev: DeviceId(dev), patrol };
        let ids = [
            due.0,
            due_id(VesselId([9; 16]), schedule, 3, 1_800_000_000).0,
            due_id(vessel, ScheduleId([9; 8]), 3, 1_800_000_000).0,
            due_id(vessel, schedule, 4, 1_800_000_000).0,
            due_id(vessel, schedule, 3, -1_800_000_000).0,
            page(vessel, PageSubject::Due(due)),
            page(VesselId([9; 16]), PageSubject::Due(due)),
            page(vessel, unplanned([0; 8], 5)),
            page(vessel, unplanned([9; 8], 5)),
            page(vessel, unplanned([0; 8], 6)),
            page(vessel, PageSubject::Due(DueId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]))),
            page(vessel, PageSubject::Day(5)),
            page(vessel, PageSubject::Day(-5)),
        ];
        assert_eq!(BTreeSet::from(ids).len(), ids.len());
    }
}
