//! The order of arrival: certificates of the shore and of an officer, revocations, losses, records and
//! changes of the Plan come in any order, and give one and the same state.

use std::collections::BTreeSet;

use super::*;
use crate::{
    authority::Authority,
    document::{DocumentKind, RawChange, VoucherIndex, merge},
    model::{DocumentId, RecordRef},
    plan::{PlanContent, PlanDocument},
    record::{PublicKeyBytes, Segment, device_id},
};

/// What arrives.
#[derive(Debug, Clone)]
enum Arrival {
    Segment(PublicKeyBytes, Segment),
    Change(RawChange),
}

const PLAN: DocumentId = DocumentId(VESSEL.0);

/// A mark of the shore: what, on whom, a number.
type Mark = (u8, usize, u64);

/// A history with everything in it, all that it leaves behind, and when it ended. The fourth device
/// is certified on board after so many steps, and now and then by a second officer too.
fn history(steps: &[Step], certified: usize, marks: &[Mark]) -> (Scene, Vec<Arrival>, i64) {
    let mut scene = BASE.clone();
    let mut arrivals = edit_plans(&mut scene);
    scene.add(at(-3, 0));
    let second = scene.add(at(-3, 0));
    scene.certify(second, at(-3, 0), Roles::OFFICER, at(-3, 0), None);
    let (early, late) = steps.split_at(certified.min(steps.len()));
    let time = play_on(&mut scene, early, at(-2, 0));
    if certified.is_multiple_of(2) {
        scene.certify_on_board(second, 3, time);
    }
    if !certified.is_multiple_of(3) {
        scene.certify_on_board(O, 3, time);
    }
    let time = play_on(&mut scene, late, time) + 60;
    for (what, pen, number) in marks {
        match what % 3 {
            0 => scene.lost(*pen, time),
            1 => scene.revoke(*pen, time, *number),
            _ => {
                let roles = Roles(u32::try_from(*number).unwrap() % 4);
                scene.certify(*pen, time, roles, at(-24, 0), None);
            }
        }
    }
    scene.sync_all(time + 60);
    let pens = scene.pens.iter().chain([&scene.shore]);
    arrivals.extend(pens.flat_map(|pen| {
        let key = pen.key.public_key();
        pen.segments.iter().map(move |segment| Arrival::Segment(key, segment.clone()))
    }));
    (scene, arrivals, time)
}

/// The shore and the officer edit the Plan at once, and the officer adopts what comes of it.
fn edit_plans(scene: &mut Scene) -> Vec<Arrival> {
    let mut ashore = PlanDocument::default();
    let target = plan(4, Walk::Ordered);
    let first = ashore.edit(scene.shore.dev, [1; 8], at(-22, 0), &target).unwrap();
    let mut aboard = ashore.clone();
    let renamed = PlanContent { vessel_name: "MV Aurelia".into(), ..target.clone() };
    let second = ashore.edit(scene.shore.dev, [1; 8], at(-21, 0), &renamed).unwrap();
    let shorter = PlanContent { contact_limit_hours: Some(48), ..target };
    let third = aboard.edit(scene.pens[O].dev, [2; 8], at(-21, 0), &shorter).unwrap();
    let vouch = |changes: &[RawChange]| Body::Document {
        kind: DocumentKind::Plan.number(),
        id: PLAN,
        changes: changes.iter().map(|change| change.hash).collect(),
    };
    scene.shore_says(at(-21, 0), vouch(&first));
    scene.shore_says(at(-21, 5), vouch(&second));
    scene.write(O, at(-21, 0), 0, vouch(&third));
    let mut heads: Vec<Hash> = ashore.heads();
    heads.extend(aboard.heads());
    heads.sort_unstable();
    scene.write(O, at(-20, 0), 0, Body::PlanAdopt { heads, effective_from: at(-20, 0) });
    first.into_iter().chain(second).chain(third).map(Arrival::Change).collect()
}

/// Everything that a reader works out.
#[derive(Debug, PartialEq)]
struct State {
    authority: Authority,
    held: BTreeSet<RecordRef>,
    plan: PlanContent,
    applied: BTreeSet<Hash>,
    assessments: Vec<Assessment>,
}

/// One who takes what arrives, in its order.
#[derive(Default)]
struct Taker {
    chains: Vec<Chain>,
    changes: Vec<RawChange>,
}

impl Taker {
    fn of<'a>(arrivals: impl IntoIterator<Item = &'a Arrival>) -> Self {
        let mut taker = Self::default();
        arrivals.into_iter().for_each(|arrival| taker.take(arrival));
        taker
    }

    fn take(&mut self, arrival: &Arrival) {
        match arrival {
            Arrival::Change(change) => self.changes.push(change.clone()),
            Arrival::Segment(key, segment) => {
                let dev = device_id(key);
                if !self.chains.iter().any(|chain| chain.dev() == dev) {
                    self.chains.push(Chain::new(dev));
                }
                let chain = self.chains.iter_mut().find(|chain| chain.dev() == dev).unwrap();
                chain.insert(segment.verify(key).unwrap());
            }
        }
    }

    fn held(&self) -> BTreeSet<RecordRef> {
        self.chains.iter().flat_map(Chain::all).map(|entry| entry.at).collect()
    }

    fn state(&self, scene: &Scene) -> State {
        let authority = Authority::read(VESSEL, &scene.shore.key.public_key(), &self.chains);
        let index = VoucherIndex::of(&self.chains);
        let vouchers = index.vouchers(DocumentKind::Plan, PLAN, &authority);
        let merged = merge(DocumentKind::Plan, &self.changes, &vouchers);
        let applied = merged.changes().collect();
        let document = PlanDocument::from(&merged);
        let mut reader = scene.clone();
        for entry in self.chains.iter().flat_map(Chain::all) {
            if let Some(Body::PlanAdopt { heads, .. }) = entry.body()
                && let Ok(content) = document.content_at(heads)
            {
                reader.versions.insert(heads.clone(), content);
            }
        }
        let assess = |now| reader.assess_chains(&self.chains, now);
        State {
            held: self.held(),
            plan: document.content(),
            applied,
            assessments: [at(2, 30), at(6, 0), at(90, 0)].map(assess).into(),
            authority,
        }
    }
}

fn marks() -> impl Strategy<Value = Vec<Mark>> {
    proptest::collection::vec((0_u8..3, 0_usize..5, 0_u64..40), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_arrival_gives_the_same_state(
        steps in steps(),
        certified in 0_usize..60,
        marks in marks(),
        order in proptest::collection::vec(any::<u16>(), 97),
        stop in 0_usize..60,
    ) {
        let (scene, arrivals, _) = history(&steps, certified, &marks);
        let expected = Taker::of(&arrivals).state(&scene);

        let mut shuffled: Vec<(u16, &Arrival)> =
            order.iter().copied().cycle().zip(&arrivals).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<&Arrival> = shuffled.into_iter().map(|(_, arrival)| arrival).collect();
        let mut other = Taker::default();
        let mut held = BTreeSet::new();
        for (index, arrival) in shuffled.iter().enumerate() {
            other.take(arrival);
            // Whatever a certificate or a mark says, what is held stays held.
            let now = other.held();
            prop_assert!(held.is_subset(&now));
            held = now;
            if index == stop {
                // Part of it is read too, and in every order as the same.
                let part = shuffled[..=index].iter().rev().copied();
                prop_assert_eq!(other.state(&scene), Taker::of(part).state(&scene));
            }
        }
        prop_assert_eq!(&other.state(&scene), &expected);
        // A second copy of everything changes nothing.
        shuffled.iter().rev().for_each(|arrival| if let Arrival::Segment(..) = arrival { other.take(arrival) });
        prop_assert_eq!(&other.state(&scene), &expected);
    }

    /// A revocation is a mark at reading time: no record, change or patrol is gone.
    #[test]
    fn a_revocation_un_applies_nothing(steps in steps(), pen in 0_usize..4, seq in 0_u64..30) {
        let (scene, arrivals, time) = history(&steps, 21, &[]);
        let mut revoked = scene.clone();
        revoked.revoke(pen, time + 120, seq);
        let [before, after] = [&scene, &revoked].map(|scene| scene.assess(at(90, 0)));
        prop_assert_eq!(before.patrols.len(), after.patrols.len());
        for (before, after) in before.patrols.iter().zip(&after.patrols) {
            prop_assert_eq!((before.start, before.ending), (after.start, after.ending));
            let scans = |patrol: &crate::assess::Patrol| patrol.visited.len() + patrol.unknown.len();
            prop_assert_eq!(scans(before), scans(after));
            // Only who was revoked is doubted, and who stands on an officer's word.
            let dev = scene.pens[pen].dev;
            let touched = before.name.dev == dev || (pen == O && before.name.dev == scene.pens[3].dev);
            prop_assert!(touched || before.doubt == after.doubt);
        }
        let dev = scene.pens[pen].dev;
        let [before, after] = [scene.authority(), revoked.authority()];
        prop_assert_eq!(after.roles_at(dev, seq + 1), Roles::NONE);
        if pen != O {
            let earlier = before.standing(dev).and_then(|it| it.last_trusted_seq);
            if earlier.is_none_or(|earlier| seq <= earlier) {
                prop_assert_eq!(after.roles_at(dev, seq), before.roles_at(dev, seq));
            }
        }
        let chains = revoked.chains();
        let kept = |at: &RecordRef| chains.iter().any(|chain| {
            chain.dev() == at.dev && chain.get(at.seq, at.hash).is_some()
        });
        let all_kept = Taker::of(&arrivals).held().iter().all(kept);
        prop_assert!(all_kept);
    }
}

/// The histories are worth something only if what they speak of is in them.
#[test]
fn random_histories_have_phones_enrolled_on_board_and_plans_of_two_hands() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut enrolled, mut found) = (0, 0);
    for _ in 0..40 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let (scene, arrivals, _) = history(&steps, 11, &[]);
        let state = Taker::of(&arrivals).state(&scene);
        let officer = state.authority.standing(scene.pens[O].dev).unwrap();
        let whole = officer.last_trusted_seq.is_none();
        assert!(!whole || state.plan.vessel_name == "MV Aurelia");
        assert!(!whole || state.plan.contact_limit_hours == Some(48));
        let standing = state.authority.standing(scene.pens[3].dev);
        enrolled += usize::from(standing.is_some_and(|it| it.ship_enrolled.is_some()));
        let dues = state.assessments.iter().flat_map(|assessment| &assessment.dues);
        let mut findings = dues.flat_map(|due| &due.findings);
        found += usize::from(findings.any(|finding| finding.code == "ship_enrolled"));
    }
    assert!(enrolled > 10 && found > 3, "{enrolled} enrolled, {found} found");
}
