//! For which due patrols a re-assessment says nothing, because something is not shown that may be about them: README.md
//! section 4.8. Rather too many than too few: a difference that comes from what is withheld accuses somebody.

use std::collections::{BTreeMap, BTreeSet};

use super::{ledger::Logged, records::Held};
use crate::{
    assess::{Assessment, ReceiptFact},
    audit::{disclosure::ALWAYS_SHOWN, parts::Parts},
    authority::Authority,
    document::{DocumentKind, voucher::may_write},
    ledger::FlagStatement,
    model::{DeviceId, DocumentId, DueId, Hash, PageSubject, RecordRef, page_id},
    plan::DuePatrol,
    record::{Body, Chain, Entry, Part, body::ANCHOR},
    time::{Bounds, Moment},
};

const DOCUMENT: u64 = 16;
const SCAN: u64 = 11;
/// Findings that hold one scan of a tag against others, wherever they were made.
const BY_COUNTERS: [&str; 2] = ["below_required_level", "counter_replay"];
/// Without this word in one of its changes nothing on a Page is accepted: keys stand in a change as they are.
const ACCEPTED: &[u8] = b"accepted";

/// Records of one device between two anchors, with something in between that is not shown.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// The anchors, where there are any.
    after: Option<RecordRef>,
    before: Option<RecordRef>,
}

/// What is in doubt.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// Why nothing can be compared.
    pub everything: Option<String>,
    pages: BTreeSet<DocumentId>,
    dues: BTreeSet<DueId>,
    spans: Vec<Span>,
}

impl Doubt {
    pub fn of(
        parts: &Parts<'_>,
        logged: &Logged<'_>,
        held: &Held,
        authority: &Authority,
        receipts: &[ReceiptFact],
    ) -> Self {
        let mut doubt = Self { everything: whole(parts, logged, held), ..Self::default() };
        if doubt.everything.is_none() {
            doubt.documents(logged, held, authority);
            doubt.persons(logged, held, authority);
            doubt.records(held, receipts);
            doubt.across(logged, held);
        }
        doubt
    }

    /// Document changes that are not shown, by what the records name that vouch for them.
    fn documents(&mut self, logged: &Logged<'_>, held: &Held, authority: &Authority) {
        for (number, id) in held.index.documents() {
            let Some(kind) = DocumentKind::from_number(number) else { continue };
            let ever = |dev: DeviceId| may_write(kind, authority.ever_at(dev, 0));
            let mut authors = held.index.authors(kind, id);
            let vouchers = held.index.vouchers(kind, id, authority);
            let missing = vouchers.changes().any(|change| !logged.changes.contains_key(&change));
            if !missing || !authors.any(ever) {
                continue;
            }
            match kind {
                DocumentKind::Plan if logged.absent_changes.is_empty() => {}
                DocumentKind::Plan => {
                    self.everything = Some("changes of the Plan are withheld or erased".to_owned())
                }
                DocumentKind::Page => drop(self.pages.insert(id)),
            }
        }
    }

    /// Where persons are not shown, who accepted a reason cannot be told from who gave it.
    fn persons(&mut self, logged: &Logged<'_>, held: &Held, authority: &Authority) {
        if held.hidden.iter().any(|hidden| hidden.part == Part::Person) {
            self.pages.extend(pages_with_acceptances(logged, held, authority));
        }
    }

    /// Records with parts that are not shown, and anchors whose receipt is not.
    fn records(&mut self, held: &Held, receipts: &[ReceiptFact]) {
        let known: BTreeSet<Hash> = receipts.iter().map(|receipt| receipt.hash).collect();
        let mut places: BTreeMap<DeviceId, BTreeSet<u64>> = BTreeMap::new();
        // Persons are asked for nothing but who accepted a reason, and whether that was somebody else.
        for hidden in held.hidden.iter().filter(|hidden| hidden.part != Part::Person) {
            places.entry(hidden.dev).or_default().insert(hidden.seq);
        }
        for entry in held.chains.iter().flat_map(Chain::all).filter(|entry| entry.kind == ANCHOR) {
            if let Some(Body::Anchor { source: 1, subject: Some(hash), .. }) = entry.body()
                && !known.contains(hash)
            {
                places.entry(entry.at.dev).or_default().insert(entry.at.seq);
            }
        }
        for (dev, seqs) in places {
            let Some(chain) = held.chain(dev) else { continue };
            self.spans_of(&chain.main_branch(), &seqs);
        }
    }

    /// What one record says can make a flag on a patrol far from it: a tag's counter, and clocks that contradict each
    /// other.
    fn across(&mut self, logged: &Logged<'_>, held: &Held) {
        let standing = logged.flags.values().filter(|flag| flag.stands);
        let statements: Vec<&FlagStatement> =
            standing.filter_map(|flag| flag.statement.as_ref()).collect();
        let contradicts = statements.iter().any(|flag| flag.code == "clock_contradiction");
        let times = held.hidden.iter().any(|hidden| hidden.part == Part::Time);
        if contradicts && (times || !self.spans.is_empty()) {
            let reason = "clocks contradict each other, and not everything that says so is shown";
            self.everything = Some(reason.to_owned());
        }
        if held.hidden.iter().any(|it| it.part == Part::Content && it.kind == SCAN) {
            let counted =
                statements.iter().filter(|flag| BY_COUNTERS.contains(&flag.code.as_str()));
            self.dues.extend(counted.filter_map(|flag| flag.due));
        }
    }

    fn spans_of(&mut self, branch: &[&Entry], seqs: &BTreeSet<u64>) {
        let mut after: Option<RecordRef> = None;
        let mut open = false;
        for entry in branch {
            let hidden = seqs.contains(&entry.at.seq);
            open |= hidden;
            if entry.kind == ANCHOR && !hidden {
                if open {
                    self.spans.push(Span { after, before: Some(entry.at) });
                }
                (after, open) = (Some(entry.at), false);
            }
        }
        if open {
            self.spans.push(Span { after, before: None });
        }
    }

    /// Records whose time says between which moments the doubt lies.
    pub fn dated(&self) -> Vec<RecordRef> {
        let ends: BTreeSet<RecordRef> =
            self.spans.iter().flat_map(|span| [span.after, span.before]).flatten().collect();
        ends.into_iter().collect()
    }

    /// The due patrols that are in doubt, as a question.
    pub fn asks<'d>(
        &'d self,
        parts: &'d Parts<'_>,
        assessment: &Assessment,
    ) -> impl Fn(&DuePatrol) -> bool + use<'d> {
        let dated: BTreeMap<RecordRef, Bounds> = assessment.dated.iter().copied().collect();
        let at = |record: Option<RecordRef>| record.and_then(|record| dated.get(&record).copied());
        let spans: Vec<(Option<Moment>, Option<Moment>)> = self
            .spans
            .iter()
            .map(|span| {
                let from = at(span.after).and_then(|bounds| bounds.not_before);
                (from, at(span.before).and_then(|bounds| bounds.not_after))
            })
            .collect();
        let vessel = parts.manifest.vessel;
        move |due: &DuePatrol| {
            let (opens, closes) = (Moment::from_unix(due.opens), Moment::from_unix(due.deadline()));
            let touched = |(from, to): &(Option<Moment>, Option<Moment>)| {
                from.is_none_or(|from| from <= closes) && to.is_none_or(|to| to >= opens)
            };
            self.dues.contains(&due.id)
                || self.pages.contains(&page_id(vessel, PageSubject::Due(due.id)))
                || spans.iter().any(touched)
        }
    }
}

/// The Pages on which a reason may have been accepted.
pub(super) fn pages_with_acceptances(
    logged: &Logged<'_>,
    held: &Held,
    authority: &Authority,
) -> Vec<DocumentId> {
    let accepts = |change: Hash| {
        let bytes = logged.changes.get(&change);
        bytes.is_some_and(|bytes| bytes.windows(ACCEPTED.len()).any(|it| it == ACCEPTED))
    };
    let kind = DocumentKind::Page;
    let pages = held.index.documents().filter(|(number, _)| *number == kind.number());
    let accepted =
        pages.filter(|(_, id)| held.index.vouchers(kind, *id, authority).changes().any(accepts));
    accepted.map(|(_, id)| id).collect()
}

/// Why nothing can be compared at all.
fn whole(parts: &Parts<'_>, logged: &Logged<'_>, held: &Held) -> Option<String> {
    if parts.manifest.first > 0 {
        return Some(format!(
            "the vessel's leaves before number {} are not shown",
            parts.manifest.first
        ));
    }
    if logged.hidden_withdrawals > 0 {
        return Some(
            "withdrawals of flags are not shown, so nobody can say which flags stand".to_owned(),
        );
    }
    let hidden =
        held.hidden.iter().find(|it| it.part == Part::Content && ALWAYS_SHOWN.contains(&it.kind));
    if let Some(hidden) = hidden {
        let what = if hidden.kind == DOCUMENT {
            "vouches for document changes"
        } else {
            "decides for the whole vessel"
        };
        return Some(format!(
            "the content of record {} of device {}, which {what}, is not shown",
            hidden.seq, hidden.dev
        ));
    }
    None
}
