//! What was published, and what a few tracks give, against all pairs of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::{
    model::Hash,
    time::graph::{JITTER, RHO, STEP},
};

const GRAIN: i64 = 2 * JITTER;
const MONO_LIMIT: u64 = 1 << 42;

/// The readings of one chain's records, in chain order.
type Track = Vec<Option<Reading>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    track: usize,
    index: usize,
}

#[derive(Debug, Clone, Copy)]
struct Fact {
    at: Position,
    bounds: Bounds,
}

#[derive(Debug, Clone, Copy)]
struct Before {
    earlier: Position,
    later: Position,
}

struct Solved {
    times: Times,
    contradiction: Option<Contradiction>,
}

impl Solved {
    fn get(&self, at: Position) -> Bounds {
        self.times.at(place(at)).bounds()
    }
}

fn place(at: Position) -> Place {
    Place { dev: dev(at.track as u8), seq: at.index as u64 }
}

fn solve(tracks: &[Track], facts: &[Fact], order: &[Before]) -> Solved {
    let mut times = Times::default();
    for (track, readings) in tracks.iter().enumerate() {
        for (index, reading) in readings.iter().enumerate() {
            times.record(place(Position { track, index }), *reading);
        }
    }
    for fact in facts {
        let (at, source) = (place(fact.at), Source::Receipt);
        times.fact(super::Fact { at, source, bounds: fact.bounds });
    }
    for before in order {
        let (earlier, later) = (place(before.earlier), place(before.later));
        times.before(super::Before { earlier, later, via: Via::Seen });
    }
    times.settle();
    let contradiction = times.contradictions().next().cloned();
    Solved { times, contradiction }
}

fn moment(value: &Value) -> Option<Moment> {
    value.as_f64().map(|seconds| Moment((seconds * 100_000.0).round() as i64))
}

/// Each case of the published vectors: tracks by device, mono there in seconds.
#[test]
fn published_vectors() {
    let text = include_str!("../../../../tests/fixtures/time_bounds.json");
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
        assert_eq!(solved.contradiction.is_none(), case["consistent"].as_bool().unwrap(), "{name}");
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
    let tracks = [vec![reading(0), reading(1), reading(2)], vec![reading(0), reading(MONO_LIMIT)]];
    let at = |track, index| Position { track, index };
    let mut order = vec![Before { earlier: at(0, 0), later: at(1, 0) }];
    order.resize(1_000, Before { earlier: at(1, 1), later: at(0, 1) });
    let end = Moment::from_unix(1_800_000_000);
    let fact = Fact { at: at(0, 2), bounds: Bounds { not_before: None, not_after: Some(end) } };
    assert!(solve(&tracks, &[fact], &order).contradiction.is_some());
}

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
        let facts = [fact(a, 100_000 + u64::from(b) * 20), fact(c, 100_500 + u64::from(d) * 20)];
        let solved = solve(std::slice::from_ref(&track), &facts, &[]);
        let (oracle, consistent) = bellman_ford(&track, &facts);
        assert_eq!(solved.contradiction.is_none(), consistent, "round {round}");
        if consistent {
            for (index, bounds) in oracle.iter().enumerate() {
                assert_eq!(solved.get(Position { track: 0, index }), *bounds, "{round}/{index}");
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
