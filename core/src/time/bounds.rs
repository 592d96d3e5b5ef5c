//! Bounds on when each record was made, from difference constraints.
//!
//! Unknown true times t_i; every fact is `t_j - t_i <= w`. Within one boot the monotonic clock
//! gives, for dm = mono_j - mono_i, `dm (1 - rho) - g <= t_j - t_i <= dm (1 + rho) + g`. The tightest
//! bounds are shortest paths from UTC. A boot of n records has n^2 such facts, but all of them have
//! one shape, so one sweep with a running minimum does the work of all: O(n) a round. Rounds repeat
//! until nothing changes; chains exchange bounds only through facts between chains, so few are needed.
//!
//! Values: `vectors/time_bounds.json`; rho = 200 ppm and g = 0.1 s are fixed.

use super::moment::{Bounds, Moment};

/// 10 µs units in one step of the monotonic clock (0.1 s).
const STEP: i64 = 10_000;
/// 200 ppm of a step.
const RHO: i64 = 2;
/// The granularity of the monotonic clock, 0.1 s.
const GRAIN: i64 = STEP;
/// Monotonic readings beyond this (139,000 years) are a lie; clamped so that nothing overflows.
const MONO_LIMIT: u64 = 1 << 42;
/// 731,000 years on either side of 1970: only claims that contradict each other drift so far.
const NEVER: i64 = 1 << 61;

/// A device's monotonic reading at one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The boot.
    pub boot: [u8; 8],
    /// 0.1 s since the boot.
    pub mono: u64,
}

/// The readings of one chain's records, in chain order. `None` where the time part is withheld.
pub type Track = Vec<Option<Reading>>;

/// A record: which track, which place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Index of the track.
    pub track: usize,
    /// Index in the track.
    pub index: usize,
}

/// An anchor: what is known of one record from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// The record.
    pub at: Position,
    /// What is known.
    pub bounds: Bounds,
}

/// One record was made at or before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The earlier one.
    pub earlier: Position,
    /// The later one.
    pub later: Position,
}

/// The claims contradict each other: no true times fit them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction {
    /// A record whose bounds exclude each other.
    pub at: Position,
}

/// Bounds of every record, by track and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeBounds {
    bounds: Vec<Vec<Bounds>>,
    /// Where claims contradict each other, if they do.
    pub contradiction: Option<Contradiction>,
}

impl TimeBounds {
    /// The bounds of one record; unknown where there is no such record.
    pub fn get(&self, at: Position) -> Bounds {
        self.bounds
            .get(at.track)
            .and_then(|track| track.get(at.index))
            .copied()
            .unwrap_or(Bounds::UNKNOWN)
    }
}

/// Computes the bounds of all records of all tracks.
pub fn solve(tracks: &[Track], facts: &[Fact], order: &[Before]) -> TimeBounds {
    let mut bounds: Vec<Vec<Bounds>> =
        tracks.iter().map(|track| vec![Bounds::UNKNOWN; track.len()]).collect();
    for fact in facts {
        if let Some(at) = slot(&mut bounds, fact.at) {
            at.raise(fact.bounds.not_before);
            at.lower(fact.bounds.not_after);
        }
    }
    // A shortest path visits every run at most once: more rounds than runs mean a negative cycle.
    let runs: usize = tracks.iter().map(|track| runs_of(track).count()).sum();
    let most_rounds = runs.saturating_add(order.len()).saturating_add(2);
    let mut settled = false;
    for _ in 0..most_rounds {
        let mut changed = false;
        for (track, bounds) in tracks.iter().zip(&mut bounds) {
            changed |= sweep_order(bounds);
            for run in runs_of(track) {
                changed |= sweep_run(track, bounds, run);
            }
        }
        for before in order {
            changed |= exchange(&mut bounds, *before);
        }
        if !changed {
            settled = true;
            break;
        }
        // Crossed bounds never uncross: what a lie costs is one round, not all of them.
        if crossed(&bounds).is_some() {
            break;
        }
    }
    let contradiction = first_contradiction(&bounds, settled);
    TimeBounds { bounds, contradiction }
}

impl Bounds {
    fn raise(&mut self, not_before: Option<Moment>) -> bool {
        let raised = not_before.is_some() && not_before > self.not_before;
        if raised {
            self.not_before = not_before;
        }
        raised
    }

    fn lower(&mut self, not_after: Option<Moment>) -> bool {
        let Some(latest) = not_after else { return false };
        let lowered = self.not_after.is_none_or(|known| latest < known);
        if lowered {
            self.not_after = not_after;
        }
        lowered
    }
}

fn slot(bounds: &mut [Vec<Bounds>], at: Position) -> Option<&mut Bounds> {
    bounds.get_mut(at.track).and_then(|track| track.get_mut(at.index))
}

fn places(bounds: &[Vec<Bounds>]) -> impl Iterator<Item = (Position, &Bounds)> {
    bounds.iter().enumerate().flat_map(|(track, bounds)| {
        bounds.iter().enumerate().map(move |(index, bounds)| (Position { track, index }, bounds))
    })
}

fn crossed(bounds: &[Vec<Bounds>]) -> Option<Position> {
    let mut places = places(bounds);
    let crossed = places.find(|(_, bounds)| {
        let earliest = bounds.not_before.map_or(-NEVER, |earliest| earliest.0);
        let latest = bounds.not_after.map_or(NEVER, |latest| latest.0);
        earliest > latest
    });
    crossed.map(|(at, _)| at)
}

fn first_contradiction(bounds: &[Vec<Bounds>], settled: bool) -> Option<Contradiction> {
    let unsettled = || if settled { None } else { places(bounds).next().map(|(at, _)| at) };
    crossed(bounds).or_else(unsettled).map(|at| Contradiction { at })
}

/// A chain's records were made in its order.
fn sweep_order(bounds: &mut [Bounds]) -> bool {
    let mut changed = false;
    let mut earliest = None;
    for bounds in bounds.iter_mut() {
        changed |= bounds.raise(earliest);
        earliest = bounds.not_before;
    }
    let mut latest = None;
    for bounds in bounds.iter_mut().rev() {
        changed |= bounds.lower(latest);
        latest = bounds.not_after;
    }
    changed
}

/// Stretches of one boot in which the monotonic clock does not go back.
fn runs_of(track: &[Option<Reading>]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        let first =
            (start..track.len()).find(|index| matches!(track.get(*index), Some(Some(_))))?;
        let mut end = first;
        let mut before: Option<Reading> = None;
        while let Some(Some(reading)) = track.get(end).copied() {
            let fits = before
                .is_none_or(|before| before.boot == reading.boot && before.mono <= reading.mono);
            if !fits {
                break;
            }
            before = Some(reading);
            end += 1;
        }
        start = end;
        Some(first..end)
    })
}

/// The facts between all pairs of one run: see the module's text.
fn sweep_run(
    track: &[Option<Reading>],
    bounds: &mut [Bounds],
    run: std::ops::Range<usize>,
) -> bool {
    let Some(readings) = track.get(run.clone()) else { return false };
    let Some(bounds) = bounds.get_mut(run) else { return false };
    let mono = |reading: &Option<Reading>| {
        reading.map_or(0, |reading| reading.mono.min(MONO_LIMIT)) as i64
    };
    let slow = |reading: &Option<Reading>| mono(reading) * (STEP - RHO);
    let fast = |reading: &Option<Reading>| mono(reading) * (STEP + RHO);
    // Claims that contradict each other without any anchor drift for as many rounds as there are.
    let sum = |a: i64, b: i64, c: i64| Moment(a.saturating_add(b).saturating_add(c));
    let mut changed = false;

    // Forward: what an earlier record says of a later one.
    let (mut low, mut high): (Option<i64>, Option<i64>) = (None, None);
    for (reading, bounds) in readings.iter().zip(bounds.iter_mut()) {
        let known = *bounds;
        changed |= bounds.raise(low.map(|low| sum(low, slow(reading), -GRAIN)));
        changed |= bounds.lower(high.map(|high| sum(high, fast(reading), GRAIN)));
        low = low.max(known.not_before.map(|earliest| earliest.0.saturating_sub(slow(reading))));
        high = least(high, known.not_after.map(|latest| latest.0.saturating_sub(fast(reading))));
    }
    // Backward: what a later record says of an earlier one.
    let (mut low, mut high): (Option<i64>, Option<i64>) = (None, None);
    for (reading, bounds) in readings.iter().zip(bounds.iter_mut()).rev() {
        let known = *bounds;
        changed |= bounds.raise(low.map(|low| sum(low, fast(reading), -GRAIN)));
        changed |= bounds.lower(high.map(|high| sum(high, slow(reading), GRAIN)));
        low = low.max(known.not_before.map(|earliest| earliest.0.saturating_sub(fast(reading))));
        high = least(high, known.not_after.map(|latest| latest.0.saturating_sub(slow(reading))));
    }
    changed
}

fn least(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn exchange(bounds: &mut [Vec<Bounds>], before: Before) -> bool {
    let Some(earlier) = slot(bounds, before.earlier).copied() else { return false };
    let Some(later) = slot(bounds, before.later).copied() else { return false };
    let mut changed = false;
    if let Some(at) = slot(bounds, before.earlier) {
        changed |= at.lower(later.not_after);
    }
    if let Some(at) = slot(bounds, before.later) {
        changed |= at.raise(earlier.not_before);
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    fn moment(value: &Value) -> Option<Moment> {
        value.as_f64().map(|seconds| Moment((seconds * 100_000.0).round() as i64))
    }

    /// Each case of the published vectors: tracks by device, mono there in seconds.
    #[test]
    fn published_vectors() {
        let text = include_str!("../../../tests/fixtures/time_bounds.json");
        let vectors: Value = serde_json::from_str(text).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 6);
        for case in cases {
            let mut devices: BTreeMap<&str, usize> = BTreeMap::new();
            let mut tracks: Vec<Track> = Vec::new();
            let mut facts = Vec::new();
            let mut places: BTreeMap<&str, Position> = BTreeMap::new();
            for event in case["events"].as_array().unwrap() {
                let next = devices.len();
                let track = *devices.entry(event["dev"].as_str().unwrap()).or_insert(next);
                tracks.resize(devices.len(), Vec::new());
                let boot = Hash::of(event["boot"].as_str().unwrap().as_bytes()).0;
                let boot = *boot.first_chunk::<8>().unwrap();
                let mono = event["mono"].as_u64().unwrap() * 10;
                let at = Position { track, index: tracks[track].len() };
                tracks[track].push(Some(Reading { boot, mono }));
                places.insert(event["id"].as_str().unwrap(), at);
                if let (Some(utc), Some(eps)) = (event["utc"].as_i64(), event["eps"].as_i64()) {
                    let [lo, hi] = [utc - eps, utc + eps].map(Moment::from_unix);
                    facts.push(Fact { at, bounds: Bounds::between(lo, hi) });
                }
            }
            let order: Vec<Before> = case["happens_before"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|pair| Before {
                    earlier: places[pair[0].as_str().unwrap()],
                    later: places[pair[1].as_str().unwrap()],
                })
                .collect();
            let solved = solve(&tracks, &facts, &order);
            let name = case["name"].as_str().unwrap();
            assert_eq!(
                solved.contradiction.is_none(),
                case["consistent"].as_bool().unwrap(),
                "{name}"
            );
            for (id, at) in &places {
                if let Some(expected) = case["bounds"].get(*id) {
                    let got = solved.get(*at);
                    assert_eq!(got.not_before, moment(&expected[0]), "{name}: {id} not before");
                    assert_eq!(got.not_after, moment(&expected[1]), "{name}: {id} not after");
                }
            }
        }
    }

    /// Two phones that saw each other in a circle, one of which claims 139,000 years in between:
    /// nothing anchors them, so the bounds drift round after round.
    #[test]
    fn a_circle_of_claims_drifts_without_overflow() {
        let reading = |mono: u64| Some(Reading { boot: [1; 8], mono });
        let tracks =
            [vec![reading(0), reading(1), reading(2)], vec![reading(0), reading(MONO_LIMIT)]];
        let at = |track, index| Position { track, index };
        let mut order = vec![Before { earlier: at(0, 0), later: at(1, 0) }];
        order.resize(1_000, Before { earlier: at(1, 1), later: at(0, 1) });
        let end = Moment::from_unix(1_800_000_000);
        let fact = Fact { at: at(0, 2), bounds: Bounds { not_before: None, not_after: Some(end) } };
        assert!(solve(&tracks, &[fact], &order).contradiction.is_some());
    }

    use crate::model::Hash;

    /// The running minimum gives what Bellman-Ford over all pairs gives.
    #[test]
    fn sweeps_equal_all_pairs() {
        let mut entropy = crate::entropy::SeededEntropy::new(11);
        for round in 0..300_u64 {
            let [a, b, c, d] = crate::entropy::draw::<4>(&mut entropy);
            let mut mono = 0;
            let mut boot = 0;
            let track: Track = (0..12)
                .map(|_| {
                    let [step, reboot] = crate::entropy::draw::<2>(&mut entropy);
                    if reboot < 40 {
                        (boot, mono) = (boot + 1, 0);
                    }
                    mono += u64::from(step) * 37;
                    Some(Reading { boot: [boot; 8], mono })
                })
                .collect();
            let fact = |index: u8, utc: u64| Fact {
                at: Position { track: 0, index: usize::from(index % 12) },
                bounds: Bounds::between(
                    Moment::from_unix(utc as i64 - 3),
                    Moment::from_unix(utc as i64 + 3),
                ),
            };
            let facts =
                [fact(a, 100_000 + u64::from(b) * 20), fact(c, 100_500 + u64::from(d) * 20)];
            let solved = solve(std::slice::from_ref(&track), &facts, &[]);
            let (oracle, consistent) = bellman_ford(&track, &facts);
            assert_eq!(solved.contradiction.is_none(), consistent, "round {round}");
            if consistent {
                for (index, bounds) in oracle.iter().enumerate() {
                    assert_eq!(
                        solved.get(Position { track: 0, index }),
                        *bounds,
                        "{round}/{index}"
                    );
                }
            }
        }
    }

    fn bellman_ford(track: &Track, facts: &[Fact]) -> (Vec<Bounds>, bool) {
        // Edge (i, j, w): t_j <= t_i + w. Node n is UTC.
        let n = track.len();
        let mut edges = Vec::new();
        for i in 0..n {
            if i + 1 < n {
                edges.push((i + 1, i, 0));
            }
            for j in i + 1..n {
                let (a, b) = (track[i].unwrap(), track[j].unwrap());
                if a.boot == b.boot {
                    let dm = (b.mono - a.mono) as i64;
                    edges.push((i, j, dm * (STEP + RHO) + GRAIN));
                    edges.push((j, i, -(dm * (STEP - RHO)) + GRAIN));
                }
            }
        }
        for fact in facts {
            edges.push((n, fact.at.index, fact.bounds.not_after.unwrap().0));
            edges.push((fact.at.index, n, -fact.bounds.not_before.unwrap().0));
        }
        let run = |forward: bool| {
            let mut distance = vec![None; n + 1];
            distance[n] = Some(0_i64);
            let mut changed = true;
            for _ in 0..=n + 1 {
                changed = false;
                for &(from, to, weight) in &edges {
                    let (from, to) = if forward { (from, to) } else { (to, from) };
                    if let Some(at) = distance[from]
                        && distance[to].is_none_or(|known: i64| at + weight < known)
                    {
                        distance[to] = Some(at + weight);
                        changed = true;
                    }
                }
            }
            (distance, changed)
        };
        let ((high, cycle), (low, _)) = (run(true), run(false));
        let bounds = (0..n).map(|i| Bounds {
            not_before: low[i].map(|low| Moment(-low)),
            not_after: high[i].map(Moment),
        });
        (bounds.collect(), !cycle)
    }
}
