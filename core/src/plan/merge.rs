//! An edit made from one version, carried over to another: what it did not touch stays as it is there.

use super::{
    content::PlanContent,
    keys::{content_of, entries_of},
};

impl PlanContent {
    /// This version with what differs between `base` and `wish`.
    ///
    /// Where this version differs from `base` in the same entry, the wish wins; the points of a route are one
    /// thing. Entries that were not understood here stay, unless the wish leaves out what `base` had.
    pub fn with_edit(&self, base: &Self, wish: &Self) -> Self {
        let (old, new) = (entries_of(base), entries_of(wish));
        let mut entries = entries_of(self);
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            entries.remove(key);
        }
        for (key, value) in new.iter().filter(|(key, value)| old.get(*key) != Some(value)) {
            entries.insert(key.clone(), value.clone());
        }
        let mut merged = content_of(&entries);
        for (id, route) in &mut merged.routes {
            let (old, new) = (base.routes.get(id), wish.routes.get(id));
            let touched = old.map(|route| &route.points) != new.map(|route| &route.points);
            let from = if touched { new } else { self.routes.get(id) };
            if let Some(from) = from {
                route.points.clone_from(&from.points);
            }
        }
        let dropped =
            |key: &str| [base, wish].map(|plan| plan.problems.iter().any(|one| one.key == key));
        let kept = self.problems.iter().filter(|one| dropped(&one.key) != [true, false]);
        merged.problems = kept.cloned().collect();
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{CheckpointId, CrewNo, RouteId},
        plan::{Checkpoint, PlanProblem, Route, Walk},
    };

    const ROUTE: RouteId = RouteId([9; 8]);

    fn place(n: u8) -> CheckpointId {
        CheckpointId([n; 8])
    }

    fn plan(points: &[u8]) -> PlanContent {
        let named =
            |n: &u8| (place(*n), Checkpoint { name: format!("P{n}"), ..Checkpoint::default() });
        let route = Route {
            name: "Round".into(),
            walk: Walk::Ordered,
            points: points.iter().copied().map(place).collect(),
            max_minutes: None,
        };
        PlanContent {
            checkpoints: [1, 2, 3, 4].iter().map(named).collect(),
            routes: [(ROUTE, route)].into(),
            ..PlanContent::default()
        }
    }

    #[test]
    fn what_an_edit_did_not_touch_is_not_overwritten() {
        let base = plan(&[1, 2, 3]);
        let mut wish = base.clone();
        wish.checkpoints.get_mut(&place(1)).unwrap().deck = "Boat deck".into();
        wish.roster.insert(CrewNo(7));
        let mut newest = base.clone();
        newest.checkpoints.get_mut(&place(1)).unwrap().name = "Bow".into();
        newest.routes.get_mut(&ROUTE).unwrap().points = vec![place(3), place(1)];
        newest.roster.insert(CrewNo(8));
        let merged = newest.with_edit(&base, &wish);
        assert_eq!(merged.checkpoints[&place(1)].name, "Bow");
        assert_eq!(merged.checkpoints[&place(1)].deck, "Boat deck");
        assert_eq!(merged.routes, newest.routes);
        assert_eq!(merged.roster, [CrewNo(7), CrewNo(8)].into());
        assert_eq!(newest.with_edit(&base, &base), newest);
        assert_eq!(base.with_edit(&base, &wish), wish);
    }

    #[test]
    fn the_points_of_a_route_are_one_thing() {
        let (base, wish, newest) = (plan(&[1, 2, 3]), plan(&[3, 2, 1]), plan(&[1, 4, 2, 3]));
        assert_eq!(newest.with_edit(&base, &wish).routes, wish.routes);
    }

    #[test]
    fn a_removal_takes_everything_of_the_thing() {
        let base = plan(&[1, 2]);
        let mut wish = base.clone();
        wish.checkpoints.remove(&place(4));
        let mut newest = base.clone();
        newest.checkpoints.get_mut(&place(4)).unwrap().deck = "Boat deck".into();
        assert_eq!(newest.with_edit(&base, &wish).checkpoints, wish.checkpoints);
    }

    #[test]
    fn entries_not_understood_stay_until_they_are_dropped_on_purpose() {
        let problem = |key: &str| PlanProblem { key: key.into(), problem: "not understood" };
        let mut base = plan(&[1]);
        base.problems = vec![problem("a"), problem("b")];
        let mut wish = base.clone();
        wish.problems.remove(0);
        let mut newest = base.clone();
        newest.problems.push(problem("c"));
        assert_eq!(newest.with_edit(&base, &wish).problems, [problem("b"), problem("c")]);
    }
}
