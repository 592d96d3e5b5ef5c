use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Writes into every table.
fn write_everywhere(tx: &mut dyn WriteTx) -> Result<(), StoreError> {
    tx.add_vessel(&vessel_row(3, "Corona"))?;
    tx.rename_vessel(vessel_id(1), "renamed")?;
    tx.add_enrolment(&EnrolmentRow {
        vessel: vessel_id(1),
        token: EnrolmentToken([1; 16]),
        roles: 1,
        label: String::new(),
        created_at: 0,
        expires_at: 1,
        used_by: None,
        used_at: None,
    })?;
    tx.put_segment(&segment(1, 0, 4, 5))?;
    tx.put_change(&new_change(1, 1))?;
    tx.put_receipt(&receipt(1, 4, 5, 100))?;
    tx.append_revision(&revision(1, "done"))?;
    tx.put_vessel_state(&state(2, 1, Some(1)))?;
    let (dues, flags) = ([due(1, 1, 5, "done")], [flag(1, 1, 5, "silence")]);
    tx.replace_assessment(&state(1, 1, None), &dues, &flags)?;
    Ok(())
}

fn assert_untouched(store: &dyn Store) {
    reading(store, |tx| {
        let vessels = tx.vessels(Scope::All)?;
        assert_eq!(vessels, [vessel_row(1, "Aurora"), vessel_row(2, "Borealis")]);
        assert_eq!(tx.enrolments(vessel_id(1), 10)?, []);
        assert_eq!(tx.segment_count(vessel_id(1))?, 0);
        assert_eq!(tx.documents(vessel_id(1), None, 10)?, []);
        assert_eq!(tx.latest_receipt(vessel_id(1), device(1))?, None);
        assert_eq!(tx.newest_revisions(vessel_id(1), 10)?, []);
        assert_eq!(tx.vessel_states(Scope::All)?, []);
        assert_eq!(tx.due_patrol(due_id(1))?, None);
        assert_eq!(tx.flags(Scope::All, None, 10)?, []);
        Ok(())
    })
    .unwrap();
}

pub fn an_error_undoes_everything(make: Make) {
    let store = store_with_vessels(make);
    let ended = writing(&*store, |tx| {
        write_everywhere(tx)?;
        tx.put_segment(&SegmentRow { vessel: vessel_id(9), ..segment(1, 5, 6, 7) })
    });
    assert!(matches!(ended, Err(StoreError::UnknownVessel(_))));
    assert_untouched(&*store);
    writing(&*store, write_everywhere).unwrap();
    let count = reading(&*store, |tx| tx.segment_count(vessel_id(1))).unwrap();
    assert_eq!(count, 1, "and the same work can be done after that");
}

pub fn a_panic_undoes_everything(make: Make) {
    let store = store_with_vessels(make);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        writing(&*store, |tx| -> Result<(), StoreError> {
            write_everywhere(tx)?;
            panic!("in the middle of a write");
        })
    }));
    assert!(panicked.is_err());
    assert_untouched(&*store);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        reading(&*store, |tx| -> Result<(), StoreError> {
            tx.vessels(Scope::All)?;
            panic!("in the middle of a read");
        })
    }));
    assert!(panicked.is_err());
    writing(&*store, write_everywhere).unwrap();
}

pub fn a_refusal_lets_the_transaction_go_on(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        assert!(tx.put_segment(&segment(1, 0, u64::MAX, 4)).unwrap_err().is_refusal());
        assert!(tx.add_vessel(&vessel_row(1, "again")).unwrap_err().is_refusal());
        let stranger = SegmentRow { vessel: vessel_id(9), ..segment(1, 5, 6, 7) };
        assert!(tx.put_segment(&stranger).unwrap_err().is_refusal());
        tx.put_segment(&segment(1, 0, 4, 5))
    })
    .unwrap();
    assert_eq!(reading(&*store, |tx| tx.segment_count(vessel_id(1))).unwrap(), 1);
}

pub fn a_write_reads_what_it_wrote(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        write_everywhere(tx)?;
        assert_eq!(tx.segment_count(vessel_id(1))?, 1);
        let digest = projection_digest(&*tx, vessel_id(1))?;
        tx.clear_projections()?;
        assert_ne!(projection_digest(&*tx, vessel_id(1))?, digest);
        Ok(())
    })
    .unwrap();
}

pub fn a_reader_does_not_see_a_write_that_came_later(make: Make) {
    let store = store_with_vessels(make);
    reading(&*store, |tx| {
        assert_eq!(tx.segment_count(vessel_id(1))?, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| writing(&*store, write_everywhere).unwrap()).join().unwrap();
        });
        assert_eq!(tx.segment_count(vessel_id(1))?, 0);
        assert_eq!(tx.vessel(vessel_id(3))?, None);
        assert_eq!(tx.due_patrol(due_id(1))?, None);
        reading(&*store, |later| {
            assert_eq!(later.segment_count(vessel_id(1))?, 1, "a snapshot made after the write");
            Ok(())
        })
    })
    .unwrap();
}

pub fn a_read_within_a_write_sees_neither(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        write_everywhere(tx)?;
        assert_untouched(&*store);
        Ok(())
    })
    .unwrap();
    assert_eq!(reading(&*store, |tx| tx.segment_count(vessel_id(1))).unwrap(), 1);
}

pub fn a_write_within_a_write_is_refused(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        let inner = writing(&*store, |tx| tx.rename_vessel(vessel_id(1), "inner"));
        assert!(matches!(inner, Err(StoreError::Nested)));
        tx.rename_vessel(vessel_id(2), "outer")
    })
    .unwrap();
    let rows = reading(&*store, |tx| tx.vessels(Scope::All)).unwrap();
    assert_eq!(rows, [vessel_row(1, "Aurora"), vessel_row(2, "outer")]);
}

pub fn writers_take_turns(make: Make) {
    const EACH: u8 = 25;
    let store = store_with_vessels(make);
    writing(&*store, |tx| tx.rename_vessel(vessel_id(1), "0")).unwrap();
    let start = Barrier::new(2);
    let work = |dev: u8| {
        start.wait();
        for n in 0..EACH {
            writing(&*store, |tx| {
                let name = tx.vessel(vessel_id(1))?.unwrap().name;
                let count: u32 = name.parse().unwrap();
                tx.put_segment(&segment(dev, n.into(), n.into(), n))?;
                tx.append_revision(&revision(dev, "done"))?;
                tx.rename_vessel(vessel_id(1), &(count + 1).to_string())
            })
            .unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| work(1));
        scope.spawn(|| work(2));
    });
    let both = u64::from(EACH) * 2;
    reading(&*store, |tx| {
        assert_eq!(tx.vessel(vessel_id(1))?.unwrap().name, both.to_string());
        assert_eq!(tx.segment_count(vessel_id(1))?, both);
        let numbers = tx.newest_revisions(vessel_id(1), MAX_LIST)?;
        let numbers: Vec<_> = numbers.into_iter().map(|row| row.number).collect();
        assert_eq!(numbers, (1..=both).rev().collect::<Vec<_>>());
        Ok(())
    })
    .unwrap();
}

pub fn readers_never_see_half(make: Make) {
    let store = store_with_vessels(make);
    let advance = |n: i64| {
        writing(&*store, |tx| {
            tx.put_vessel_state(&state(1, n, None))?;
            tx.put_vessel_state(&state(2, -n, None))
        })
        .unwrap();
    };
    advance(0);
    let done = AtomicBool::new(false);
    let start = Barrier::new(3);
    let watch = || {
        start.wait();
        let mut newest = 0;
        while !done.load(Ordering::Relaxed) {
            let (one, two) = reading(&*store, |tx| {
                let as_of = |n| Ok(tx.vessel_state(vessel_id(n))?.unwrap().as_of);
                Ok((as_of(1)?, as_of(2)?))
            })
            .unwrap();
            assert_eq!(one, -two, "half of a write was seen");
            assert!(one >= newest, "a later snapshot showed an earlier state");
            newest = one;
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(watch);
        scope.spawn(watch);
        start.wait();
        (1..=60).for_each(advance);
        done.store(true, Ordering::Relaxed);
    });
}

#[derive(Debug, PartialEq)]
enum CallerError {
    NotToday,
    Store(String),
}

impl From<StoreError> for CallerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

pub fn errors_of_the_caller_come_back(make: Make) {
    let store = store_with_vessels(make);
    let ended = try_writing(&*store, |tx| {
        write_everywhere(tx)?;
        Err::<(), _>(CallerError::NotToday)
    });
    assert_eq!(ended, Err(CallerError::NotToday));
    assert_untouched(&*store);
    let ended = try_writing(&*store, |tx| -> Result<(), CallerError> {
        Ok(tx.rename_vessel(vessel_id(9), "Nobody")?)
    });
    let unknown = format!("vessel {} is not in this database", vessel_id(9));
    assert_eq!(ended, Err(CallerError::Store(unknown)));
    let value = try_reading(&*store, |tx| Ok::<_, CallerError>(tx.segment_count(vessel_id(1))?));
    assert_eq!(value, Ok(0));
}
