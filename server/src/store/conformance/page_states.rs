use super::*;

fn state(vessel: u8, page: u8, made_of: u8) -> PageStateRow {
    PageStateRow {
        vessel: vessel_id(vessel),
        page: DocumentId([page; 16]),
        made_of: hash(made_of),
        body: format!("{{\"page\":{page}}}"),
    }
}

fn listed(store: &dyn Store, vessel: u8) -> Vec<PageStateRow> {
    reading(store, |tx| gather(|each| tx.page_states_of(vessel_id(vessel), each))).unwrap()
}

pub fn the_state_of_a_page_takes_the_place_of_the_one_before(make: Make) {
    let store = store_with_vessels(make);
    let put = |row: PageStateRow| writing(&*store, |tx| tx.put_page_state(&row)).unwrap();
    put(state(1, 7, 1));
    put(state(1, 3, 2));
    put(state(2, 7, 3));
    put(PageStateRow { body: "[]".to_owned(), ..state(1, 7, 4) });
    let newer = PageStateRow { body: "[]".to_owned(), ..state(1, 7, 4) };
    assert_eq!(listed(&*store, 1), [state(1, 3, 2), newer]);
    assert_eq!(listed(&*store, 2), [state(2, 7, 3)]);
    let made_of = |tx: &dyn ReadTx| gather(|each| tx.page_states_made_of(vessel_id(1), each));
    let expected = [(DocumentId([3; 16]), hash(2)), (DocumentId([7; 16]), hash(4))];
    assert_eq!(reading(&*store, made_of).unwrap(), expected);
}

pub fn states_of_pages_are_checked_and_can_be_made_again(make: Make) {
    let store = store_with_vessels(make);
    let bad = [
        PageStateRow { body: "not JSON".to_owned(), ..state(1, 1, 1) },
        PageStateRow { vessel: vessel_id(3), ..state(1, 1, 1) },
    ];
    for row in bad {
        assert!(refused(&*store, |tx| tx.put_page_state(&row)));
    }
    let digest = || reading(&*store, |tx| projection_digest(tx, vessel_id(1))).unwrap();
    let empty = digest();
    writing(&*store, |tx| tx.put_page_state(&state(1, 1, 1))).unwrap();
    assert_ne!(digest(), empty);
    writing(&*store, |tx| tx.clear_projections()).unwrap();
    assert_eq!((listed(&*store, 1), digest()), (Vec::new(), empty));
}
