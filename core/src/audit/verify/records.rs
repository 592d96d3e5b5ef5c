//! Segments, chains, and the runs that leaves name: README.md section 4.5.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;

use super::ledger::Logged;
use crate::{
    audit::{
        parts::Parts,
        report::{CheckName, Checks, ErasedShown, ForkShown, NotShown},
    },
    document::VoucherIndex,
    ledger::LoggedRun,
    model::{DeviceId, Hash, RecordRef},
    record::{
        Body, Chain, ContentPart, Entry, ForkProof, Kind, Part, PublicKeyBytes, Segment, Slot,
        device_id,
    },
    time::moment::utc,
};

const NAME: CheckName = CheckName::Records;
/// Forks whose evidence is written down; of more, their names.
const PROOFS: usize = 16;
/// `erase` records of one device that are held against what is not shown.
const ERASURES: usize = 1_000;

/// A tree head that a device accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ack {
    pub record: RecordRef,
    pub origin: Hash,
    pub size: u64,
    pub root: Hash,
}

/// What an `erase` record of the shore says.
#[derive(Debug, Clone)]
struct Erased {
    from: u64,
    to: u64,
    parts: u64,
}

/// One part that is not shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hidden {
    pub dev: DeviceId,
    pub seq: u64,
    pub kind: Kind,
    pub part: Part,
}

/// Everything that the segments hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// By device.
    pub chains: Vec<Chain>,
    /// The key with which each device's segments were verified.
    pub keys: BTreeMap<DeviceId, PublicKeyBytes>,
    pub records: u64,
    pub segments: u64,
    pub acks: Vec<Ack>,
    pub index: VoucherIndex,
    pub hidden: Vec<Hidden>,
    /// Runs by device, with the index of their leaf.
    pub runs: BTreeMap<DeviceId, Vec<(u64, LoggedRun)>>,
    pub notes: Vec<String>,
    /// By device.
    erased: BTreeMap<DeviceId, Vec<Erased>>,
    erasures: Vec<ErasedShown>,
}

impl Held {
    pub fn read(parts: &Parts<'_>, logged: &Logged<'_>, checks: &mut Checks) -> Self {
        let mut held = Self::default();
        held.keys.insert(device_id(&parts.manifest.shore_key), parts.manifest.shore_key);
        let mut segments = held.decode(parts, checks);
        // Who shows a genesis names its own key; of the others, a certificate must name it.
        let mut waiting: Vec<(DeviceId, Vec<Segment>)> = Vec::new();
        while let Some((dev, copies)) = segments.pop_first() {
            let key = held.keys.get(&dev).copied().or_else(|| copies.iter().find_map(genesis_key));
            match key {
                Some(key) => held.take(dev, key, &copies, checks),
                None => waiting.push((dev, copies)),
            }
        }
        let certified = certified_keys(&held.chains);
        for (dev, copies) in waiting {
            match certified.get(&dev) {
                Some(key) => held.take(dev, *key, &copies, checks),
                None => checks.fault(
                    NAME,
                    "key_unknown",
                    format!(
                        "nothing shows the key of device {dev}, so its records cannot be verified"
                    ),
                ),
            }
        }
        held.chains.sort_unstable_by_key(Chain::dev);
        held.cover(parts, logged, checks);
        held.look_through(parts);
        held
    }

    fn decode(
        &mut self,
        parts: &Parts<'_>,
        checks: &mut Checks,
    ) -> BTreeMap<DeviceId, Vec<Segment>> {
        let mut segments: BTreeMap<DeviceId, Vec<Segment>> = BTreeMap::new();
        for (dev, copies) in &parts.segments {
            for bytes in copies {
                match Segment::decode(bytes) {
                    Ok(segment) if segment.dev != *dev => checks.fault(NAME, "segment_misplaced", format!("a segment of device {} stands under device {dev}", segment.dev)),
                    Ok(segment) if segment.key.is_some() => checks.fault(NAME, "segment_key_shown", format!("a segment of device {dev} shows its key, which opens what should stay closed")),
                    Ok(segment) => segments.entry(*dev).or_default().push(segment),
                    Err(error) => checks.fault(NAME, "segment_malformed", format!("a segment of device {dev} does not read: {error}")),
                }
            }
        }
        segments
    }

    /// Verifies a device's segments. Each record is rebuilt and hashed here and nowhere else.
    fn take(
        &mut self,
        dev: DeviceId,
        key: PublicKeyBytes,
        copies: &[Segment],
        checks: &mut Checks,
    ) {
        let mut chain = Chain::new(dev);
        for segment in copies {
            match segment.verify(&key) {
                Ok(verified) => {
                    self.segments += 1;
                    chain.insert(verified);
                }
                Err(error) => checks.fault(
                    NAME,
                    "segment_bad",
                    format!(
                        "records {} to {} of device {dev} are not verified: {error}",
                        segment.from,
                        segment.to()
                    ),
                ),
            }
        }
        self.keys.insert(dev, key);
        if chain.all().next().is_some() {
            self.chains.push(chain);
        }
    }

    /// When the vessel was added (Unix s): the time of the first record of its shore. `None`: not shown.
    pub fn began(&self, shore_key: &PublicKeyBytes) -> Option<i64> {
        let chain = self.chain(device_id(shore_key))?;
        let first = chain.all().next().filter(|first| first.at.seq == 0)?;
        wall(first)
    }

    /// The newest moment (Unix s) that the shore wrote into a record of its own.
    pub fn newest_of_shore(&self, shore_key: &PublicKeyBytes) -> Option<i64> {
        self.chain(device_id(shore_key))?.all().filter_map(wall).max()
    }

    /// The ledgers that the vessel's shore named in any of its records, by the SHA-256 of their origin lines.
    pub fn named_ledgers(&self, parts: &Parts<'_>) -> BTreeMap<Hash, String> {
        let shore = self.chain(device_id(&parts.manifest.shore_key));
        let named =
            shore.into_iter().flat_map(Chain::all).filter_map(|entry| match entry.body()? {
                Body::Ledger { origin, .. } => Some((Hash::of(origin.as_bytes()), origin.clone())),
                _ => None,
            });
        named.collect()
    }

    pub fn chain(&self, dev: DeviceId) -> Option<&Chain> {
        let at = self.chains.binary_search_by_key(&dev, Chain::dev).ok()?;
        self.chains.get(at)
    }

    /// Holds the runs that leaves name against the records, both ways.
    fn cover(&mut self, parts: &Parts<'_>, logged: &Logged<'_>, checks: &mut Checks) {
        for (index, run) in &logged.runs {
            self.runs.entry(run.dev).or_default().push((*index, *run));
        }
        for dev in self.runs.keys().filter(|dev| self.chain(**dev).is_none()) {
            checks.fault(
                NAME,
                "records_missing",
                format!("leaves name records of device {dev}, and none of them is shown"),
            );
        }
        for chain in &self.chains {
            let runs = self.runs.get(&chain.dev()).map_or(&[][..], Vec::as_slice);
            let total = chain.all().count();
            let mut covered: BTreeSet<(u64, Hash)> = BTreeSet::new();
            // Honest runs do not overlap; a hostile bundle must not make a reader walk for ever.
            let mut steps = total.saturating_mul(4);
            for (index, run) in runs {
                if let Err(fault) = walk(chain, run, &mut covered, &mut steps) {
                    let (code, what) = fault;
                    checks.fault(
                        NAME,
                        code,
                        format!(
                            "leaf {index} names records {} to {} of device {}, {what}",
                            run.from, run.to, run.dev
                        ),
                    );
                }
            }
            let loose =
                chain.all().filter(|entry| !covered.contains(&(entry.at.seq, entry.at.hash)));
            let loose: Vec<u64> = loose.map(|entry| entry.at.seq).collect();
            let Some(first) = loose.first() else { continue };
            if parts.manifest.first == 0 {
                checks.fault(NAME, "records_not_logged", format!("{} records of device {} from number {first} on are shown that no leaf names", loose.len(), chain.dev()));
            } else {
                self.notes.push(format!(
                    "{} records of device {} are shown whose leaves are not",
                    loose.len(),
                    chain.dev()
                ));
            }
        }
    }

    /// What stands in the records beside patrols.
    fn look_through(&mut self, parts: &Parts<'_>) {
        let shore = device_id(&parts.manifest.shore_key);
        let chains = std::mem::take(&mut self.chains);
        for entry in chains.iter().flat_map(Chain::all) {
            self.records += 1;
            self.index.add(entry);
            let shown = [entry.time.is_some(), entry.person.is_some(), entry.content.is_some()];
            let (dev, seq, kind) = (entry.at.dev, entry.at.seq, entry.kind);
            let hidden = Part::ALL.into_iter().zip(shown).filter(|(_, shown)| !shown);
            self.hidden.extend(hidden.map(|(part, _)| Hidden { dev, seq, kind, part }));
            match entry.body() {
                Some(Body::Ack { origin, size, root }) => {
                    self.acks.push(Ack {
                        record: entry.at,
                        origin: *origin,
                        size: *size,
                        root: *root,
                    });
                }
                Some(Body::Erase { .. }) if dev == shore => self.erase(entry),
                _ => {}
            }
        }
        self.chains = chains;
    }

    fn erase(&mut self, entry: &Entry) {
        let Some(Body::Erase { dev, from, to, parts, reason }) = entry.body() else { return };
        let when = wall(entry)
            .map_or_else(|| "at a time not shown".to_owned(), |time| format!("at {}", utc(time)));
        let sentence = format!(
            "The shore recorded {when} that of records {from} to {to} of device {dev} parts {parts} (1 time, 2 person, 4 content) were erased, for reason {reason}."
        );
        self.erasures.push(ErasedShown { sentence });
        let erased = self.erased.entry(*dev).or_default();
        if erased.len() < ERASURES {
            erased.push(Erased { from: *from, to: *to, parts: *parts });
        }
    }

    /// Counts what is not shown, by why.
    pub fn not_shown(&self, parts: &Parts<'_>, logged: &Logged<'_>) -> NotShown {
        let rules = &parts.manifest.withheld;
        let mut shown = NotShown { rules: rules.clone(), ..NotShown::default() };
        for hidden in &self.hidden {
            let Hidden { dev, seq, kind, part } = *hidden;
            let erased = self.erased.get(&dev).into_iter().flatten().any(|erased| {
                let bit = 1 << part as u64;
                (erased.from..=erased.to).contains(&seq) && erased.parts & bit != 0
            });
            let counts = if erased {
                &mut shown.erased
            } else if rules.iter().any(|rule| rule.covers(dev, seq, kind, part)) {
                &mut shown.withheld
            } else {
                &mut shown.unexplained
            };
            if let Some(count) = counts.get_mut(part as usize) {
                *count += 1;
            }
        }
        let count = |subjects: &BTreeSet<Hash>, erased: bool| {
            subjects.iter().filter(|subject| logged.is_erased(**subject) == erased).count() as u64
        };
        shown.changes = count(&logged.absent_changes, false);
        shown.contents = count(&logged.absent, false);
        shown.erased_contents = count(&logged.absent_changes, true) + count(&logged.absent, true);
        shown.erasures = self.erasures.clone();
        shown.erasures.extend(logged.erasures.iter().map(|erasure| {
            let when = utc(erasure.at);
            if erasure.subjects.is_empty() {
                return ErasedShown {
                    sentence: format!("The ledger says at {when}: {:?}.", erasure.rule),
                };
            }
            let sentence = format!(
                "The ledger says that {} contents were erased at {when}: {:?}.",
                erasure.subjects.len(),
                erasure.rule
            );
            ErasedShown { sentence }
        }));
        shown
    }

    /// Every fork, with evidence that needs nobody's word.
    pub fn forks(&self, parts: &Parts<'_>) -> Vec<ForkShown> {
        let forks = self.chains.iter().flat_map(Chain::forks);
        let shown = forks.enumerate().map(|(number, fork)| {
            let proof =
                (number < PROOFS).then(|| self.proof(parts, fork.one, fork.other)).flatten();
            let proof = proof.map(|proof| HEXLOWER.encode(&proof.encode()));
            ForkShown { one: fork.one, other: fork.other, proof }
        });
        shown.collect()
    }

    fn proof(&self, parts: &Parts<'_>, one: RecordRef, other: RecordRef) -> Option<ForkProof> {
        let copies = parts.segments.get(&one.dev)?;
        let holding = |record: RecordRef| {
            copies.iter().find_map(|bytes| {
                let segment = Segment::decode(bytes).ok()?;
                let entries = segment.reopen().ok()?.entries;
                let holds = entries.iter().any(|entry| entry.at == record);
                holds.then_some(segment)
            })
        };
        let key = *self.keys.get(&one.dev)?;
        ForkProof::of(&key, &holding(one)?, &holding(other)?)
    }

    /// Ranges of numbers below a chain's newest record that nothing shows.
    pub fn gaps(chain: &Chain) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut next = 0u64;
        for entry in chain.all() {
            let before = entry.at.seq.checked_sub(1);
            if let Some(before) = before.filter(|seq| chain.get(*seq, entry.prev).is_none()) {
                gaps.push((next.min(before), before));
            }
            next = next.max(entry.at.seq.saturating_add(1));
        }
        gaps
    }
}

/// What the author's clock showed, Unix s.
fn wall(entry: &Entry) -> Option<i64> {
    entry.time.and_then(|time| i64::try_from(time.wall).ok())
}

/// Follows a run from its last record to its first.
fn walk(
    chain: &Chain,
    run: &LoggedRun,
    covered: &mut BTreeSet<(u64, Hash)>,
    steps: &mut usize,
) -> Result<(), (&'static str, String)> {
    let (mut seq, mut hash) = (run.to, run.head);
    loop {
        let Some(entry) = chain.get(seq, hash) else {
            return Err((
                "records_missing",
                format!("and record {seq} with the hash {} is not shown", hash.short()),
            ));
        };
        let Some(left) = steps.checked_sub(1) else {
            return Err((
                "runs_overlap",
                "and other leaves name the same records again and again".to_owned(),
            ));
        };
        *steps = left;
        covered.insert((seq, hash));
        if seq == run.from {
            let fits = entry.prev == run.prev;
            return if fits {
                Ok(())
            } else {
                Err(("run_contradicts", "which follow another record than it says".to_owned()))
            };
        }
        (seq, hash) = (seq.saturating_sub(1), entry.prev);
    }
}

/// The key that a genesis shows.
fn genesis_key(segment: &Segment) -> Option<PublicKeyBytes> {
    let first = segment.items.first().filter(|_| segment.from == 0)?;
    let [_, _, Slot::Shown(content) | Slot::Salted(_, content)] = &first.slots else { return None };
    match ContentPart::decode(first.kind, content).ok()?.body {
        Body::Genesis { key, .. } => Some(key),
        _ => None,
    }
}

/// Keys that any certificate names. What a certificate is worth is asked later.
fn certified_keys(chains: &[Chain]) -> BTreeMap<DeviceId, PublicKeyBytes> {
    let bodies = chains.iter().flat_map(Chain::all).filter_map(Entry::body);
    let keys = bodies.filter_map(|body| match body {
        Body::Certificate { key, .. } => Some((device_id(key), *key)),
        _ => None,
    });
    keys.collect()
}
