//! Erasing parts of records after their retention: the openings go, the commitments stay, and the chain and the ledger say so.
//!
//! An erasure never changes a verdict or a flag. What would is refused as a whole: evidence of a patrol is not taken away to
//! make it missed, or to make a flag go.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    audit::{Erasure, Shown, Withheld, disclosure::disclose},
    model::{DeviceId, DueId, Hash, VesselId},
    record::{Body, Part, Segment, Slot},
};

use super::{Held, Shore, ShoreError};
use crate::ledger::Statement;
use crate::store::{SegmentRow, StoreError, WriteTx, gather, try_writing};

/// What is to be erased, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRequest {
    /// Of this device.
    pub dev: DeviceId,
    /// From this record on.
    pub from: u64,
    /// Up to this record.
    pub to: u64,
    /// These parts.
    pub parts: Shown,
    /// A number of `deckwatch_core::record::reason::erase`.
    pub reason: u64,
    /// In words; it stands in the ledger for ever, so nothing personal.
    pub why: String,
}

/// What an erasure took, or would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Records of which at least one part is gone.
    pub records: usize,
    /// Times, persons, contents.
    pub parts: [usize; 3],
}

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// The shore.
    #[error(transparent)]
    Shore(#[from] ShoreError),
    /// The range ends before it begins, or names no part.
    #[error("no part of any record is named")]
    Nothing,
    /// Words are needed.
    #[error("a reason is needed; it stands in the ledger for ever")]
    NoReason,
    /// There is nothing of it.
    #[error("none of these parts is held of device {0}; nothing was changed")]
    NotHeld(DeviceId),
    /// Records that are not made yet.
    #[error(
        "the newest record held of this device is {newest}; what comes later cannot be erased beforehand"
    )]
    Beyond {
        /// The newest one held.
        newest: u64,
    },
    /// Verdicts hang on it.
    #[error(
        "{verdicts} verdicts and {flags} flags would change with it; nothing was changed, because an erasure takes no evidence away"
    )]
    Revises {
        /// Due patrols.
        verdicts: usize,
        /// Flags.
        flags: usize,
    },
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::Shore(error.into())
    }
}

impl EraseError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Shore(error) => error.hint(),
            Self::Nothing => "give --from, --to and --parts",
            Self::NoReason => "say why with --reason, without names",
            Self::Beyond { .. } => "name a range up to the newest record",
            Self::NotHeld(_) => "see `deckwatch device list` for what is held",
            Self::Revises { .. } => {
                "name fewer records or parts: persons seldom decide a verdict, times and contents do"
            }
        }
    }
}

/// How a transaction ended.
enum Ended {
    Preview(Erased),
    Failed(EraseError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ShoreError> for Ended {
    fn from(error: ShoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What must come out the same: verdicts, and flags as the ledger says them.
#[derive(PartialEq, Eq)]
struct Judged {
    verdicts: BTreeMap<DueId, String>,
    flags: BTreeSet<Vec<u8>>,
}

/// The same segment without what was erased.
pub(crate) fn without_erased(segment: &Segment, rules: &[Withheld]) -> Option<Vec<u8>> {
    let touches = |rule: &&Withheld| rule.from <= segment.to() && segment.from <= rule.to;
    rules.iter().any(|rule| touches(&rule)).then(|| disclose(segment, rules).encode())
}

impl Shore {
    /// What an erasure would take. Nothing is changed.
    pub fn preview_erasure(
        &self,
        vessel: VesselId,
        request: &ErasureRequest,
    ) -> Result<Erased, EraseError> {
        self.erasing(vessel, request, true)
    }

    /// Erases: in the database, in one transaction, with a record in the shore's chain and a leaf that says why. Backups that
    /// were made before still hold it, and so does the phone that wrote it.
    pub fn erase(&self, vessel: VesselId, request: &ErasureRequest) -> Result<Erased, EraseError> {
        let erased = self.erasing(vessel, request, false)?;
        self.forget_held();
        self.store().scrub()?;
        Ok(erased)
    }

    fn erasing(
        &self,
        vessel: VesselId,
        request: &ErasureRequest,
        preview: bool,
    ) -> Result<Erased, EraseError> {
        let why = request.why.split_whitespace().collect::<Vec<_>>().join(" ");
        if request.from > request.to || request.parts.number() == 0 {
            return Err(EraseError::Nothing);
        }
        if why.is_empty() {
            return Err(EraseError::NoReason);
        }
        let ended = try_writing(self.store(), |tx| {
            let row = tx.vessel(vessel)?.ok_or(StoreError::UnknownVessel(vessel))?;
            let mut held = Held::nothing_of(&row);
            held.refresh(tx)?;
            let as_of = self.now();
            let ErasureRequest { dev, from, to, parts, reason, .. } = *request;
            match held.chain(dev).and_then(|chain| chain.all().last()).map(|last| last.at.seq) {
                None => return Err(Ended::Failed(EraseError::NotHeld(dev))),
                Some(newest) if newest < to => {
                    return Err(Ended::Failed(EraseError::Beyond { newest }));
                }
                Some(_) => {}
            }
            let body = Body::Erase { dev, from, to, parts: parts.number(), reason };
            self.append_within(tx, &mut held, &[body])?;
            let rule = format!("Records {from} to {to} of device {dev}: {}. {why}", named(parts));
            let erasure = Erasure { subjects: Vec::new(), at: as_of, rule };
            self.log(tx, vessel, &[Statement::Erased(erasure)]).map_err(ShoreError::from)?;
            let before = judged(tx, &held, as_of)?;
            let erased = scrub_erased(tx, &held, dev)?;
            if erased.records == 0 {
                return Err(Ended::Failed(EraseError::NotHeld(dev)));
            }
            let mut after_erasing = Held::nothing_of(&row);
            after_erasing.refresh(tx)?;
            let after = judged(tx, &after_erasing, as_of)?;
            if before != after {
                return Err(Ended::Failed(revises(&before, &after)));
            }
            let flags: Vec<Vec<u8>> = after.flags.into_iter().collect();
            self.log_flags(tx, vessel, &flags, as_of).map_err(ShoreError::from)?;
            if preview { Err(Ended::Preview(erased)) } else { Ok(erased) }
        });
        match ended {
            Ok(erased) | Err(Ended::Preview(erased)) => Ok(erased),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    /// Takes out again what was erased, where copies from before came back: after a restore.
    pub(crate) fn erase_again(
        &self,
        tx: &mut dyn WriteTx,
        held: &Held,
    ) -> Result<bool, StoreError> {
        let mut any = false;
        for chain in held.chains() {
            any |= scrub_erased(tx, held, chain.dev())?.records > 0;
        }
        Ok(any)
    }
}

fn named(parts: Shown) -> String {
    let words = [(parts.time, "time"), (parts.person, "person"), (parts.content, "content")];
    let words = words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word);
    words.collect::<Vec<_>>().join(", ")
}

fn judged(tx: &mut dyn WriteTx, held: &Held, as_of: i64) -> Result<Judged, StoreError> {
    let flags = crate::projection::replace(tx, held, as_of)?.into_iter().collect();
    let rows = gather(|each| tx.due_patrols_of(held.vessel(), each))?;
    Ok(Judged { verdicts: rows.into_iter().map(|row| (row.due, row.verdict)).collect(), flags })
}

fn revises(before: &Judged, after: &Judged) -> EraseError {
    let other = |(due, verdict): &(&DueId, &String)| after.verdicts.get(due) != Some(verdict);
    let verdicts = before.verdicts.iter().filter(other).count();
    EraseError::Revises { verdicts, flags: before.flags.symmetric_difference(&after.flags).count() }
}

/// Rewrites what is held of a device without what the shore erased of it.
fn scrub_erased(tx: &mut dyn WriteTx, held: &Held, dev: DeviceId) -> Result<Erased, StoreError> {
    const DAMAGED: StoreError = StoreError::Unreadable { what: "segment" };
    let rules = held.erased_of(dev);
    let mut erased = Erased::default();
    if rules.is_empty() {
        return Ok(erased);
    }
    let mut rows: Vec<SegmentRow> = Vec::new();
    for span in held.spans(dev) {
        rows.extend(tx.segment(held.vessel(), dev, span.to, span.head)?);
    }
    let mut counted: BTreeSet<(u64, Hash)> = BTreeSet::new();
    for row in rows {
        let segment = Segment::decode(&row.bytes).map_err(|_| DAMAGED)?;
        let Some(bytes) = without_erased(&segment, &rules).filter(|it| *it != row.bytes) else {
            continue;
        };
        let poorer = Segment::decode(&bytes).map_err(|_| DAMAGED)?;
        for ((record, was), is) in segment.records().zip(&segment.items).zip(&poorer.items) {
            let gone = Part::ALL.into_iter().zip(was.slots.iter().zip(&is.slots));
            let gone = gone.filter(|(_, (was, is))| {
                !matches!(was, Slot::Withheld(_)) && matches!(is, Slot::Withheld(_))
            });
            let mut any = false;
            if !counted.insert((record.seq, record.hash())) {
                continue;
            }
            for (part, _) in gone {
                any = true;
                if let Some(count) = erased.parts.get_mut(part as usize) {
                    *count += 1;
                }
            }
            erased.records += usize::from(any);
        }
        tx.replace_segment(&SegmentRow { bytes, ..row })?;
    }
    Ok(erased)
}

#[cfg(test)]
mod tests {
    use deckwatch_core::{
        authority::Roles,
        record::{Entry, reason::erase},
    };

    use super::*;
    use crate::phone::{Phone, START, Scene};

    fn persons(phone: &Phone, to: u64) -> ErasureRequest {
        ErasureRequest {
            dev: phone.dev,
            from: 1,
            to,
            parts: Shown { person: true, ..Shown::default() },
            reason: erase::RETENTION,
            why: "Five years\nare over.".to_owned(),
        }
    }

    /// Of each record whether its person is held.
    fn known(scene: &Scene, phone: &Phone) -> Vec<bool> {
        let person = |entry: &Entry| {
            assert!(entry.time.is_some() && entry.content.is_some());
            entry.person.is_some()
        };
        let held = |held: &Held| held.chain(phone.dev).unwrap().all().map(person).collect();
        scene.shore.reading_held(scene.vessel, held).unwrap()
    }

    #[test]
    fn what_is_erased_is_gone_and_does_not_come_back_with_a_full_copy() {
        let scene = Scene::new();
        let mut phone = scene.enrolled(2, Roles::CREW);
        phone.record(START + 1, 0, &[Body::Alive, Body::Alive]);
        phone.record(START + 2, 0, &[Body::Alive]);
        phone.sync(&scene).unwrap();
        let request = persons(&phone, 2);
        let preview = scene.shore.preview_erasure(scene.vessel, &request).unwrap();
        assert_eq!(preview, Erased { records: 2, parts: [0, 2, 0] });
        assert_eq!(known(&scene, &phone), [true; 4], "a preview changes nothing");
        assert_eq!(scene.shore.erase(scene.vessel, &request).unwrap(), preview);
        assert_eq!(known(&scene, &phone), [true, false, false, true]);
        // The phone sends everything again, whole as it has it.
        phone.record(START + 3, 0, &[Body::Alive]);
        phone.sync(&scene).unwrap();
        assert_eq!(known(&scene, &phone), [true, false, false, true, true]);
        let again = scene.shore.erase(scene.vessel, &request);
        assert!(matches!(again, Err(EraseError::NotHeld(dev)) if dev == phone.dev));
        let rules = scene.shore.reading_held(scene.vessel, |held| held.erased_of(phone.dev));
        assert_eq!(rules.unwrap().len(), 1, "what failed left no record");
    }

    /// A copy that lost its first record came first, and the whole one after the erasure.
    #[test]
    fn a_longer_copy_brings_nothing_back() {
        let scene = Scene::new();
        let mut phone = scene.enrolled(2, Roles::CREW);
        phone.record(START + 1, 0, &[Body::Alive, Body::Alive, Body::Alive]);
        let whole = phone.segments[1].clone();
        let mut short = Segment::decode(&whole).unwrap();
        let first = short.records().next().unwrap().hash();
        short.prev = first;
        short.from += 1;
        short.items.remove(0);
        phone.segments[1] = short.encode();
        phone.sync(&scene).unwrap();
        assert_eq!(known(&scene, &phone), [true; 3]);
        let request = ErasureRequest { from: 2, ..persons(&phone, 3) };
        scene.shore.erase(scene.vessel, &request).unwrap();
        phone.segments[1] = whole;
        phone.sync(&scene).unwrap();
        assert_eq!(known(&scene, &phone), [true, true, false, false]);
    }

    #[test]
    fn an_erasure_without_parts_records_or_words_is_refused() {
        let scene = Scene::new();
        let phone = scene.enrolled(2, Roles::CREW);
        let good = persons(&phone, 9);
        let none = Shown::default();
        let shore = |request: ErasureRequest| scene.shore.erase(scene.vessel, &request);
        let refused = shore(ErasureRequest { parts: none, ..good.clone() });
        assert!(matches!(refused, Err(EraseError::Nothing)));
        let refused = shore(ErasureRequest { from: 10, ..good.clone() });
        assert!(matches!(refused, Err(EraseError::Nothing)));
        let refused = shore(ErasureRequest { why: " \n".to_owned(), ..good.clone() });
        assert!(matches!(refused, Err(EraseError::NoReason)));
        let refused = shore(good.clone());
        assert!(matches!(refused, Err(EraseError::Beyond { newest: 0 })));
        let refused = shore(ErasureRequest { dev: DeviceId([9; 8]), ..good });
        assert!(matches!(refused, Err(EraseError::NotHeld(_))));
    }
}
