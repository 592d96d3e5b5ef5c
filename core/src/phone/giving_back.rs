//! What this phone gives back to a shore that was put back from a backup: FORMAT.md section 12.

use std::collections::BTreeSet;

use super::Phone;
use crate::{
    document::{DocumentKind, RawChange},
    model::{DeviceId, Hash},
    record::{PublicKeyBytes, Span, device_id},
    store::{OwnChange, StoreError},
    sync::{
        Have, Limits, ProblemCode, Response,
        message::{decode_have, encode_have},
        missing,
    },
};

/// What a collecting shore said that it holds of others' chains; not there: the shore does not collect.
const HOLDS: &str = "collecting_shore_has";
/// This phone gave its receipts back to the shore that collects now.
const GAVE_RECEIPTS: &str = "gave_receipts";

impl Phone {
    /// Adds segments of others that a collecting shore lacks, as far as they fit. Gives their bytes.
    pub(super) fn give_back(
        &mut self,
        payload: usize,
        segments: &mut Vec<Vec<u8>>,
    ) -> Result<usize, StoreError> {
        self.given_back.clear();
        let mut bytes = 0_usize;
        for (dev, span) in self.lost_ashore()? {
            let Some(segment) = self.store.segment(dev, &span)? else { continue };
            let fits = payload.saturating_add(bytes).saturating_add(segment.len());
            if segments.len() >= Limits::SEGMENTS || fits > Limits::PAYLOAD {
                break;
            }
            bytes += segment.len();
            segments.push(segment);
            self.given_back.insert((dev, span));
        }
        Ok(bytes)
    }

    /// Receipts for a collecting shore, once: the newest ones.
    pub(super) fn receipts_to_give_back(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        if self.store.setting(HOLDS)?.is_none() || self.store.setting(GAVE_RECEIPTS)?.is_some() {
            return Ok(Vec::new());
        }
        self.store.newest_receipts(Limits::ANSWERS)
    }

    /// Remembers what a collecting shore holds of others' chains. `true`: it lacks something that was not sent yet.
    pub(super) fn note_what_was_lost(
        &mut self,
        response: &Response,
        shore_key: &PublicKeyBytes,
    ) -> Result<bool, StoreError> {
        let collects = response.problems.iter().any(|it| it.code == ProblemCode::Collecting);
        let collected = self.store.setting(HOLDS)?.is_some();
        if !collects {
            if collected {
                self.store.remove_setting(HOLDS)?;
                self.store.remove_setting(GAVE_RECEIPTS)?;
            }
            return Ok(false);
        }
        let root = device_id(shore_key);
        let mut has: Have = response.have.clone();
        if has.len() < Limits::DEVICES && !has.iter().any(|(dev, _)| *dev == root) {
            has.push((root, Vec::new()));
            has.sort_unstable();
        }
        self.store.set_setting(HOLDS, &encode_have(&has))?;
        if collected {
            // The request was made by a phone that knew, so its receipts were in it.
            self.store.set_setting(GAVE_RECEIPTS, &[1])?;
        }
        let sent = std::mem::take(&mut self.given_back);
        let lost = self.lost_ashore()?;
        let given = std::mem::take(&mut self.given_changes);
        self.lost_changes = self.changes_lost(response)?;
        let changes = self.lost_changes.iter().any(|change| !given.contains(change));
        Ok(!collected || changes || lost.iter().any(|lost| !sent.contains(lost)))
    }

    /// Changes of others that a collecting shore lacks, as far as they fit: so many, and so many bytes.
    pub(super) fn changes_to_give_back(
        &mut self,
        (most, bytes): (usize, usize),
    ) -> Result<Vec<(OwnChange, RawChange)>, StoreError> {
        self.given_changes.clear();
        let mut changes = Vec::new();
        let mut left = bytes;
        for change in &self.lost_changes {
            let OwnChange { kind, id, hash } = *change;
            let Some(raw) = self.store.change(kind, id, hash)? else { continue };
            let Some(room) = left.checked_sub(raw.bytes.len()) else { break };
            if changes.len() >= most {
                break;
            }
            left = room;
            self.given_changes.insert(*change);
            changes.push((*change, raw));
        }
        Ok(changes)
    }

    /// What the versions in an answer do not reach nor name, whoever wrote it. Own changes go out by themselves.
    fn changes_lost(&mut self, response: &Response) -> Result<BTreeSet<OwnChange>, StoreError> {
        let mut lost = BTreeSet::new();
        for document in &response.documents {
            let (kind, id) = (document.kind, document.id);
            let own = self.store.own_changes(kind, id)?;
            let own: BTreeSet<Hash> = own.into_iter().map(|(hash, ..)| hash).collect();
            let named: BTreeSet<Hash> = document.what.names().collect();
            let merged = match DocumentKind::from_number(kind) {
                Some(DocumentKind::Page) => self.merged_page(id)?,
                _ => &self.merged,
            };
            let lacking = merged.changes_after(&document.what.heads);
            let lacking = lacking.into_iter().map(|raw| raw.hash);
            let lacking = lacking.filter(|hash| !named.contains(hash) && !own.contains(hash));
            lost.extend(lacking.map(|hash| OwnChange { kind, id, hash }));
        }
        Ok(lost)
    }

    /// Segments of others that a collecting shore lacks, the shore's own chain first.
    fn lost_ashore(&self) -> Result<Vec<(DeviceId, Span)>, StoreError> {
        let Some(has) = self.store.setting(HOLDS)? else { return Ok(Vec::new()) };
        // Unreadable is as good as not heard: the next answer says it again.
        let Ok(has) = decode_have(&has) else { return Ok(Vec::new()) };
        let root = self.enrolment.as_ref().map(|known| device_id(&known.shore_key));
        let own: BTreeSet<DeviceId> = self.store.own_devices()?.into_iter().collect();
        let mut lost = Vec::new();
        for (dev, spans) in self.store.foreign_spans()? {
            if own.contains(&dev) {
                continue;
            }
            let lacking = missing(dev, &spans, &has);
            if Some(dev) == root {
                lost.splice(0..0, lacking.into_iter().map(|span| (dev, span)));
                continue;
            }
            // Of a chain that is here in part, heads cannot be followed: numbers tell.
            let runs = has.iter().filter(|(held, _)| *held == dev).flat_map(|(_, runs)| runs);
            let covers =
                |span: &Span| runs.clone().any(|run| run.from <= span.from && span.to <= run.to);
            lost.extend(lacking.into_iter().filter(|span| !covers(span)).map(|span| (dev, span)));
        }
        Ok(lost)
    }
}
