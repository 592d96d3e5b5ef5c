//! The tightest bounds of every node, in each layer.
//!
//! Seen from times that fit, no edge costs less than nothing, so an improvement is spread by a
//! Dijkstra search that touches what it improves and its neighbours.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Graph, Id, Layer, NONE, Point, Way, add};

const LAYERS: [Layer; 3] = [Layer::Proved, Layer::Clock, Layer::Word];

impl Graph {
    /// Spreads what changed. Returns how many bounds became tighter.
    pub fn settle(&mut self) -> u64 {
        if self.broken.is_some() {
            return 0;
        }
        let touched: Vec<Id> = std::mem::take(&mut self.touched).into_iter().collect();
        let mut tighter = 0;
        for layer in LAYERS {
            for way in [Way::Latest, Way::Earliest] {
                tighter += self.spread(&touched, layer, way);
            }
        }
        tighter
    }

    fn spread(&mut self, touched: &[Id], layer: Layer, way: Way) -> u64 {
        let mut heap = BinaryHeap::new();
        let mut edges = Vec::new();
        let mut tighter = 0;
        for id in touched {
            for point in [Point::Record(*id), Point::Line(*id)] {
                let mut best = self.said(point, layer, way);
                self.edges(point, way.back(), Some(layer), &mut edges);
                for (from, weight, _) in edges.drain(..) {
                    best = best.min(add(self.reach(from, layer, way), weight));
                }
                if best < self.reach(point, layer, way) {
                    self.set_reach(point, layer, way, best);
                    heap.push(Reverse((i128::from(best) - self.value(point, way), point, best)));
                }
            }
        }
        while let Some(Reverse((_, point, reach))) = heap.pop() {
            if reach != self.reach(point, layer, way) {
                continue;
            }
            tighter += 1;
            self.edges(point, way, Some(layer), &mut edges);
            for (to, weight, _) in edges.drain(..) {
                let next = add(reach, weight);
                if next < self.reach(to, layer, way) {
                    self.set_reach(to, layer, way, next);
                    heap.push(Reverse((i128::from(next) - self.value(to, way), to, next)));
                }
            }
        }
        tighter
    }

    fn said(&self, point: Point, layer: Layer, way: Way) -> i64 {
        let Point::Record(id) = point else { return NONE };
        let said = |node: &super::Node| node.said(|source| layer.counts(source)).get(way);
        self.node(id).map_or(NONE, said)
    }

    fn reach(&self, point: Point, layer: Layer, way: Way) -> i64 {
        let (id, side) = match point {
            Point::Utc => return NONE,
            Point::Record(id) => (id, 0),
            Point::Line(id) => (id, 1),
        };
        let Some(node) = self.node(id) else { return NONE };
        let reach = match layer {
            Layer::Proved if side == 0 => Some(&node.proved),
            Layer::Proved => None,
            Layer::Clock => node.clock.get(side),
            Layer::Word => node.word.get(side),
        };
        reach.map_or(NONE, |reach| reach.get(way))
    }

    fn set_reach(&mut self, point: Point, layer: Layer, way: Way, to: i64) {
        let (id, side) = match point {
            Point::Utc => return,
            Point::Record(id) => (id, 0),
            Point::Line(id) => (id, 1),
        };
        let Some(node) = self.node_mut(id) else { return };
        let reach = match layer {
            Layer::Proved => (side == 0).then_some(&mut node.proved),
            Layer::Clock => node.clock.get_mut(side),
            Layer::Word => node.word.get_mut(side),
        };
        reach.into_iter().for_each(|reach| reach.set(way, to));
    }
}
