//! The present: the phones go on patrolling in real time, until the demonstration ends.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use deckwatch_core::{model::DueId, patrol::Lateness, plan::DuePatrol};

use super::{
    fleet::Story,
    phone::PhoneError,
    seed::{Seeded, leg, tag_at},
};
use crate::clock::Clock;

/// The crew rests so long between two rounds, seconds.
const REST: i64 = 45;
/// The link is used this often, seconds.
const LINK_EVERY: i64 = 20;

/// What a crew does next.
enum Next {
    /// Look for a round to walk.
    Start,
    /// Go to the next point, or end.
    Point,
}

/// Lets one ship's crew walk until `stop` says otherwise. A link that fails is tried again: what
/// was recorded stays on the phone.
pub fn walk_on(
    mut seeded: Seeded,
    address: &str,
    clock: &Arc<dyn Clock>,
    stop: &Receiver<()>,
) -> Result<(), PhoneError> {
    let mut next = Next::Start;
    let mut walked: Vec<DueId> = Vec::new();
    let mut last_link = clock.now();
    let mut pause = leg(&mut seeded.entropy) / 4;
    loop {
        let wait = Duration::from_secs(u64::try_from(pause).unwrap_or(1).clamp(1, 300));
        match stop.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        let now = clock.now();
        (next, pause) = match next {
            Next::Start => start(&mut seeded, &mut walked, now)?,
            Next::Point => point(&mut seeded, now)?,
        };
        let linked = seeded.ship.story != Story::Silent;
        if linked && now - last_link >= LINK_EVERY {
            last_link = now;
            let own = [&mut seeded.officer, &mut seeded.walker];
            for phone in own.into_iter().chain(&mut seeded.mates) {
                if let Err(error) = phone.sync(address, now * 1_000) {
                    tracing::warn!(vessel = %seeded.vessel, %error, "no link");
                }
            }
        }
    }
}

/// The round that is due now, or an unplanned one.
fn start(
    seeded: &mut Seeded,
    walked: &mut Vec<DueId>,
    now: i64,
) -> Result<(Next, i64), PhoneError> {
    let walker = &mut seeded.walker;
    let reading = walker.clock.read(now * 1_000);
    let due: Option<DuePatrol> = walker
        .phone
        .due(&reading)
        .into_iter()
        .filter(|view| matches!(view.lateness, Lateness::InTime { .. }))
        .map(|view| view.due)
        .find(|due| !walked.contains(&due.id) && now < due.start_by);
    match due {
        Some(due) => {
            walker.phone.start(Some(due.id), None, &reading)?;
            walked.push(due.id);
        }
        None => {
            let route = seeded.plan.routes.keys().next().copied();
            walker.phone.start(None, route, &reading)?;
        }
    }
    Ok((Next::Point, leg(&mut seeded.entropy) / 3))
}

/// The next point, or the end of the round.
fn point(seeded: &mut Seeded, now: i64) -> Result<(Next, i64), PhoneError> {
    let walker = &mut seeded.walker;
    let reading = walker.clock.read(now * 1_000);
    let Some(point) = walker.phone.status(&reading)?.next else {
        walker.phone.end(1, 0, &reading)?;
        return Ok((Next::Start, REST));
    };
    match tag_at(&seeded.plan, point).and_then(|tag| walker.label(tag)) {
        Some(label) => drop(walker.phone.scan_text(&label, &reading)?),
        None => drop(walker.phone.scan_manual(point, 2, &reading)?),
    }
    Ok((Next::Point, leg(&mut seeded.entropy) / 3))
}
