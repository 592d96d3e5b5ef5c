//! A phone that is put away, brought back, and seen by another.

use super::{hands::walker, *};
use crate::{model::VesselId, phone::SeeError, record::HeadCode};

#[test]
fn a_phone_that_comes_back_is_seen_by_another_one() {
    let (_a, mut back) = walker(60);
    let (_b, mut other) = walker(70);
    back.park(1, &at(100)).unwrap();
    back.resume(&at(200)).unwrap();
    let head = back.head().unwrap();
    let code = back.head_code().unwrap();
    assert_eq!(back.head(), Some(head), "showing it records nothing");
    assert!(code.len() <= 120, "{}", code.len());
    assert_eq!(other.see(&code, &at(210)).unwrap(), back.device());
    other.seal().unwrap();
    let history = history(&mut other);
    let seen = history.iter().flat_map(|segment| &segment.entries).last().unwrap();
    let expected = Body::Seen { dev: back.device(), seq: head.0, head: head.1, via: 1 };
    assert_eq!(seen.body(), Some(&expected));
}

#[test]
fn what_is_no_other_phone_of_this_ship_is_refused_and_records_nothing() {
    let (_a, first) = walker(60);
    let (_b, mut second) = walker(70);
    let text = first.head_code().unwrap();
    let head = second.head();
    let code = HeadCode::from_text(&text).unwrap();
    let elsewhere = HeadCode { vessel: VesselId([8; 16]), ..code };
    let error = second.see(&elsewhere.to_text(), &at(10)).unwrap_err();
    assert!(matches!(error, SeeError::OtherVessel), "{error}");
    let own = second.head_code().unwrap();
    assert!(matches!(second.see(&own, &at(10)), Err(SeeError::Itself)));
    let error = second.see("DECKWATCH-JOIN:hw", &at(10)).unwrap_err();
    assert!(error.to_string().contains("let that phone show it"), "{error}");
    assert_eq!(second.head(), head);
}
