//! Documents in a sync, on the phone: versions, what goes out, and what became of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Phone, ResponseError, plan::now_of};
use crate::{
    document::{DocumentKind, RawChange, Version},
    model::{DocumentId, Hash, PageSubject, page_id},
    plan::due_patrols,
    store::{Fate, OwnChange, StoreError},
    sync::{Document, Limits, ProblemCode, Response},
    time::ClockReading,
};

const DAY: i64 = 86_400;
/// Pages with changes in so many seconds are spoken of in a sync: four weeks.
const LATELY: i64 = 28 * DAY;
/// Pages spoken of in one sync, those asked for by name with them; one place is the Plan's. A request that speaks of fewer
/// speaks of every Page with changes lately.
const PAGES: usize = Limits::DOCUMENTS - 1;
/// Bytes of changes that the shore refused before, in one sync. It may have room now; a link that costs
/// money must not carry them all every time.
const REFUSED_BYTES: usize = 64 * 1024;
/// After so many seconds without a whole sync this phone asks for Pages by name. A shore sends by itself
/// those with changes of the last two weeks.
const AWAY: i64 = 13 * DAY;
/// It asks so far back: a quarter.
const ASKED_BACK: i64 = 92 * DAY;
/// Pages asked for in one request; of more, the newest, and the others in the next requests.
const ASKED: usize = 512;
/// The setting that holds the shore's time at the last sync that left nothing out.
const WHOLE_SYNC: &str = "whole_sync";

/// Pages that are asked for by name in several requests.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// When it began, Unix seconds: what was written since then, the shore sends by itself.
    began: i64,
    /// Asked for and answered whole.
    answered: BTreeSet<DocumentId>,
    /// Asked for in the request under way.
    asked: Vec<DocumentId>,
    /// There are others beyond these.
    is_cut: bool,
}

impl Phone {
    /// Versions of the documents that a sync speaks of: the Plan, and Pages with changes lately.
    pub(super) fn versions(&mut self, now: i64) -> Result<Vec<Document<Version>>, StoreError> {
        let Some(vessel) = self.vessel() else { return Ok(Vec::new()) };
        let (kind, id) = (DocumentKind::Plan.number(), DocumentId(vessel.0));
        let what = Version::of(&self.merged, Limits::NAMES);
        let mut versions = vec![Document { kind, id, what }];
        let kind = DocumentKind::Page.number();
        let pages = self.store.documents_since(kind, now.saturating_sub(LATELY), PAGES)?;
        self.add_versions(pages, &mut versions)?;
        Ok(versions)
    }

    /// Adds the versions of Pages, as far as there is room for names.
    fn add_versions(
        &mut self,
        pages: Vec<DocumentId>,
        versions: &mut Vec<Document<Version>>,
    ) -> Result<(), StoreError> {
        let mut room = Limits::ALL_NAMES.saturating_sub(names_in(versions));
        let kind = DocumentKind::Page.number();
        for id in pages {
            let what = Version::of(self.merged_page(id)?, Limits::NAMES.min(room));
            room = room.saturating_sub(what.names().count());
            versions.push(Document { kind, id, what });
        }
        Ok(())
    }

    /// Versions for a request: those, and after a long time without a link the Pages of all days and due
    /// patrols since. Names are computed, so a Page can be asked for of which nothing is here.
    pub(super) fn versions_to_name(
        &mut self,
        now: i64,
    ) -> Result<Vec<Document<Version>>, StoreError> {
        let mut versions = self.versions(now)?;
        let (Some(vessel), Some(since)) = (self.vessel(), self.last_whole_sync()?) else {
            return Ok(versions);
        };
        // A shore sends nothing by itself to a phone that cannot say what it holds.
        let is_full = versions.len() > PAGES;
        if now.saturating_sub(since) < AWAY && !is_full {
            self.asking = None;
            return Ok(versions);
        }
        let mut asking = self.asking.take().unwrap_or_default();
        if now.saturating_sub(asking.began) >= DAY {
            asking = Asking { began: now, ..Asking::default() };
        }
        let from = since.max(now.saturating_sub(ASKED_BACK)).saturating_sub(DAY);
        // A day of ship time begins up to a day before or after that of UTC.
        let days = (from.div_euclid(DAY)..=now.div_euclid(DAY).saturating_add(1)).rev();
        let dues = due_patrols(vessel, &self.in_force, from, now);
        let dues = dues.iter().rev().map(|due| PageSubject::Due(due.id));
        let mut open = days
            .map(PageSubject::Day)
            .chain(dues)
            .map(|subject| page_id(vessel, subject))
            .filter(|id| !asking.answered.contains(id));
        asking.asked = open.by_ref().take(ASKED).collect();
        asking.is_cut = open.next().is_some();
        // Those asked for come first, and of the others as many as there are places left.
        let asked: BTreeSet<DocumentId> = asking.asked.iter().copied().collect();
        let mut others = versions.split_off(1);
        others.retain(|version| !asked.contains(&version.id));
        others.truncate(PAGES.saturating_sub(asked.len()));
        self.add_versions(asking.asked.clone(), &mut versions)?;
        let mut room = Limits::ALL_NAMES.saturating_sub(names_in(&versions));
        for version in others {
            let size = version.what.names().count();
            if size <= room {
                room -= size;
                versions.push(version);
            }
        }
        self.asking = Some(asking);
        Ok(versions)
    }

    /// An answer that left nothing out: what was asked for has come. `true`: there is more to ask for.
    fn note_answered(&mut self) -> bool {
        let Some(asking) = &mut self.asking else { return false };
        asking.answered.extend(asking.asked.drain(..));
        let is_cut = asking.is_cut;
        if !is_cut {
            self.asking = None;
        }
        is_cut
    }

    /// The shore's time at the last sync that left nothing out. It is kept by itself: the first answer
    /// of several brings a new receipt, and the others must not be forgotten over it.
    fn last_whole_sync(&mut self) -> Result<Option<i64>, StoreError> {
        let kept = self.store.setting(WHOLE_SYNC)?;
        if let Some(kept) = kept.and_then(|kept| kept.try_into().ok()) {
            return Ok(Some(i64::from_be_bytes(kept)));
        }
        let receipt = self.store.last_receipt(self.dev)?.map(|receipt| receipt.time);
        if let Some(time) = receipt {
            self.store.set_setting(WHOLE_SYNC, &time.to_be_bytes())?;
        }
        Ok(receipt)
    }

    /// Changes made here that the shore is not known to hold, as far as they fit: those that it refused
    /// come last, and few of them, until this phone is certified for something else.
    pub(super) fn changes_to_send(
        &mut self,
        payload: usize,
    ) -> Result<Vec<Document<RawChange>>, StoreError> {
        let certified_as = self.certified_as();
        let room = Limits::PAYLOAD.saturating_sub(payload);
        let mut own = self.store.fresh_changes(&certified_as, (Limits::CHANGES, room))?;
        let size: usize = own.iter().map(|(_, raw)| raw.bytes.len()).sum();
        let room = (
            Limits::CHANGES.saturating_sub(own.len()),
            REFUSED_BYTES.min(room.saturating_sub(size)),
        );
        own.extend(self.store.refused_changes(&certified_as, room)?);
        self.sent_changes = (own.iter().map(|(change, _)| *change).collect(), certified_as);
        let size = own.iter().map(|(_, raw)| raw.bytes.len()).sum::<usize>();
        let room = (
            Limits::CHANGES.saturating_sub(own.len()),
            Limits::PAYLOAD.saturating_sub(payload).saturating_sub(size),
        );
        own.extend(self.changes_to_give_back(room)?);
        let document =
            |(change, what): (OwnChange, _)| Document { kind: change.kind, id: change.id, what };
        Ok(own.into_iter().map(document).collect())
    }

    /// What the shore's answer to this phone's changes depends on. What was refused under another
    /// certificate is not refused under this one.
    fn certified_as(&self) -> Vec<u8> {
        let Some(standing) = self.authority.as_ref().and_then(|known| known.standing(self.dev))
        else {
            return self.dev.0.to_vec();
        };
        let until = standing.until.unwrap_or(i64::MAX).to_be_bytes();
        let trusted = standing.last_trusted_seq.unwrap_or(u64::MAX).to_be_bytes();
        [&self.dev.0[..], &standing.roles.0.to_be_bytes(), &until, &trusted].concat()
    }

    /// How many changes made here the shore is not known to hold, those that it refused with them.
    pub fn unsent_changes(&self) -> Result<usize, StoreError> {
        self.store.count_unheld_changes()
    }

    /// How many of them the shore refused, and why. They are kept, and sent again after all others, or
    /// as soon as this phone has another certificate.
    pub fn refused_changes(&self) -> Result<Vec<(ProblemCode, usize)>, StoreError> {
        let counts = self.store.count_refused_changes(&self.certified_as())?;
        Ok(counts
            .into_iter()
            .map(|(number, count)| (ProblemCode::from_number(number), count))
            .collect())
    }

    /// Remembers which changes the shore holds: those that it took now, and those that its version
    /// of a document reaches; and which it refused. One that it held and no longer reaches is sent again:
    /// it may have been put back from a backup. Gives whether it said anything of them, and whether there are more
    /// Pages to ask for.
    pub(super) fn note_held_changes(
        &mut self,
        response: &Response,
        reading: &ClockReading,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(bool, bool), ResponseError> {
        let (sent, certified_as) = std::mem::take(&mut self.sent_changes);
        let against: BTreeMap<&[u8], ProblemCode> = response
            .problems
            .iter()
            .filter(|problem| problem.code != ProblemCode::NotVouched)
            .map(|problem| (problem.subject.as_slice(), problem.code))
            .collect();
        let at = now_of(reading);
        let mut fates: Vec<(OwnChange, Fate<'_>)> = Vec::new();
        let mut taken = BTreeSet::new();
        // Who may not read is told nothing about documents: what is not refused then is not held either.
        let told = !response.documents.is_empty();
        for change in sent {
            if let Some(code) = against.get(&change.hash.0[..]) {
                let certified_as = certified_as.as_slice();
                fates.push((change, Fate::Refused { code: code.number(), at, certified_as }));
            } else if told {
                taken.insert(change.hash);
                fates.push((change, Fate::Held));
            }
        }
        let heard = told || !fates.is_empty();
        self.store.note_fates(&fates)?;
        if told {
            let versions = self.versions(at)?;
            self.note_reached(response, &versions, &taken, go_on)?;
            if !response.more && self.note_answered() {
                return Ok((heard, true));
            }
            if !response.more {
                self.store.set_setting(WHOLE_SYNC, &response.time.to_be_bytes())?;
            }
        }
        Ok((heard, false))
    }

    fn note_reached(
        &mut self,
        response: &Response,
        versions: &[Document<Version>],
        taken: &BTreeSet<Hash>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), ResponseError> {
        let mut fates = Vec::new();
        for Document { kind, id, .. } in versions.iter().cloned() {
            let said = response.documents.iter().find(|doc| (doc.kind, doc.id) == (kind, id));
            // A version that is not named is the same as here, unless there was no room to name it.
            if said.is_none() && response.more {
                continue;
            }
            let own = self.store.own_changes(kind, id)?;
            if own.is_empty() {
                continue;
            }
            if !go_on() {
                return Err(ResponseError::Stopped);
            }
            let merged = match DocumentKind::from_number(kind) {
                Some(DocumentKind::Page) => self.merged_page(id)?,
                _ => &self.merged,
            };
            let heads = said.map_or_else(|| merged.all_heads(), |said| said.what.heads.clone());
            let mut reached = merged.before(&heads);
            reached.extend(said.into_iter().flat_map(|said| said.what.names()));
            let refused: BTreeSet<Hash> =
                own.iter().filter(|(.., refused)| *refused).map(|(hash, ..)| *hash).collect();
            // What builds on a refused change waits there, and no version reaches it.
            let waits = |hash: Hash| {
                !merged.holds(hash)
                    || (!refused.is_empty() && !merged.before(&[hash]).is_disjoint(&refused))
            };
            for (hash, held, _) in own {
                let now = taken.contains(&hash) || reached.contains(&hash) || (held && waits(hash));
                if now != held {
                    let fate = if now { Fate::Held } else { Fate::Unheld };
                    fates.push((OwnChange { kind, id, hash }, fate));
                }
            }
        }
        Ok(self.store.note_fates(&fates)?)
    }
}

/// Names in all versions together.
fn names_in(versions: &[Document<Version>]) -> usize {
    versions.iter().map(|version| version.what.names().count()).sum()
}
