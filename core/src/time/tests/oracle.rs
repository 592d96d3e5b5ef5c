//! All pairs and Bellman-Ford: slow, and plainly what the definitions say.

use std::collections::BTreeMap;

use super::{history::Telling, *};
use crate::time::graph::{JITTER, RHO, STEP};

/// Two records, or UTC (`None`), how much later `to` can be, and why.
type Edge = (Option<Place>, Option<Place>, i64, Claim);

#[derive(Clone, Copy, PartialEq)]
pub enum Layer {
    Proved,
    Clock,
    /// What was told, within one chain.
    Word,
    /// Everything together, for contradictions.
    All,
}

/// Everything that was told, each once.
pub struct Oracle {
    records: BTreeMap<Place, Option<Reading>>,
    told: Vec<Telling>,
}

impl Oracle {
    pub fn of(told: &[Telling]) -> Self {
        let records = told.iter().filter_map(|telling| match telling {
            Telling::Record(at, reading) => Some((*at, *reading)),
            _ => None,
        });
        Self { records: records.collect(), told: told.to_vec() }
    }

    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.records.keys().copied()
    }

    /// Every claim of a layer. `out`: records whose device's own words do not count.
    pub fn edges(&self, layer: Layer, out: impl Fn(Place) -> bool) -> Vec<Edge> {
        let mut edges = Vec::new();
        let all: Vec<(Place, Option<Reading>)> = self.records.clone().into_iter().collect();
        for (index, (i, one)) in all.iter().enumerate() {
            for (j, two) in all.iter().skip(index + 1).filter(|(j, _)| j.dev == i.dev) {
                edges.push((Some(*j), Some(*i), 0, Claim::Order));
                let (Some(one), Some(two)) = (one, two) else { continue };
                if one.boot == two.boot && layer != Layer::Proved && !out(*i) {
                    let (i, j) = if one.mono <= two.mono { (*i, *j) } else { (*j, *i) };
                    let dm = one.mono.abs_diff(two.mono) as i64;
                    let grain = 2 * JITTER;
                    let [most, least] = [dm * (STEP + RHO) + grain, -dm * (STEP - RHO) + grain];
                    edges.push((Some(i), Some(j), most, Claim::Clock));
                    edges.push((Some(j), Some(i), least, Claim::Clock));
                }
            }
        }
        for telling in &self.told {
            match telling {
                Telling::Fact(Fact { at, source, bounds }) if self.records.contains_key(at) => {
                    let counts = match layer {
                        Layer::All => true,
                        Layer::Word => source.is_word(),
                        Layer::Proved | Layer::Clock => !source.is_word(),
                    };
                    if !counts || (source.is_word() && out(*at)) {
                        continue;
                    }
                    let claim = Claim::Says(*source);
                    edges.extend(bounds.not_after.map(|late| (None, Some(*at), late.0, claim)));
                    edges.extend(bounds.not_before.map(|early| (Some(*at), None, -early.0, claim)));
                }
                Telling::Before(Before { earlier, later, via }) => {
                    let held = [earlier, later].iter().all(|at| self.records.contains_key(at));
                    if held && earlier.dev != later.dev && layer != Layer::Word {
                        edges.push((Some(*later), Some(*earlier), 0, Claim::Names(*via)));
                    }
                }
                _ => {}
            }
        }
        edges
    }

    /// The tightest bounds; `None` where the claims contradict each other.
    pub fn solve(&self, edges: &[Edge]) -> Option<BTreeMap<Place, Bounds>> {
        self.agree(edges).then_some(())?;
        let [late, early] = [false, true].map(|back| self.distances(edges, back));
        let bounds = |at: &Place| Bounds {
            not_before: early.get(&Some(*at)).map(|early| Moment(-early)),
            not_after: late.get(&Some(*at)).map(|late| Moment(*late)),
        };
        Some(self.records.keys().map(|at| (*at, bounds(at))).collect())
    }

    /// Whether there are times that fit: no walk closes below nothing, wherever it is.
    pub fn agree(&self, edges: &[Edge]) -> bool {
        let mut at: BTreeMap<Option<Place>, i64> = BTreeMap::new();
        for _ in 0..=self.records.len() + 1 {
            let mut changed = false;
            for (from, to, weight, _) in edges {
                let least = at.get(from).copied().unwrap_or(0) + weight;
                if least < at.get(to).copied().unwrap_or(0) {
                    at.insert(*to, least);
                    changed = true;
                }
            }
            if !changed {
                return true;
            }
        }
        false
    }

    fn distances(&self, edges: &[Edge], back: bool) -> BTreeMap<Option<Place>, i64> {
        let mut distance = BTreeMap::from([(None, 0)]);
        for _ in 0..=self.records.len() + 1 {
            for (from, to, weight, _) in edges {
                let (from, to) = if back { (to, from) } else { (from, to) };
                if let Some(at) = distance.get(from).copied()
                    && distance.get(to).is_none_or(|known| at + weight < *known)
                {
                    distance.insert(*to, at + weight);
                }
            }
        }
        distance
    }
}
