//! A phone whose key is changed, and a shore that revokes what it had receipted: real phones, real HTTP, the command line.

use std::path::Path;

use deckwatch::demo::fleet::SHIPS;
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel, walk};

use super::{enrolled::deckwatch, *};
use deckwatch_core::record::Body;

/// The officer and the walker are synced, and the walker has walked the first due patrol.
fn walked() -> (TestShore, TestVessel, Vec<DuePatrol>, SimulatedPhone, SimulatedPhone) {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    for step in 0..2 {
        for phone in [&mut officer, &mut walker] {
            shore.sync(phone, due[0].deadline() + 600 + step * 60);
        }
    }
    (shore, ship, due, officer, walker)
}

fn line_of(data: &Path, device: DeviceId) -> String {
    let (_, list) = deckwatch(data, &["device", "list", SHIPS[0].name]);
    list.lines().find(|line| line.starts_with(&device.to_string())).unwrap_or_default().to_owned()
}

#[test]
fn a_phone_changes_its_key_at_sea_and_its_patrols_are_judged_after_the_next_sync() {
    let (shore, ship, due, mut officer, mut walker) = walked();
    assert_eq!(said(&shore, &due[0]).verdict, "done");
    let old = walker.phone.device();
    let opens = due[1].opens;
    let new = walker.phone.rotate_key(&at(&walker, opens + 10)).unwrap();
    walk(&mut walker, &ship.plan, &due[1], opens + 60, &[]);
    // Until it syncs, the shore waits for the phone that it knows.
    let now = due[1].deadline() + 600;
    shore.sync(&mut officer, now);
    shore.sync(&mut officer, now + 30);
    let before = said_at(&shore, &ship, &due[1], now + 40);
    assert_eq!(
        (before.verdict.as_str(), before.held_back_by),
        ("awaiting_sync", vec![old.to_string()])
    );

    for step in 0..2 {
        shore.sync(&mut walker, now + 60 + step * 60);
    }
    let after = said_at(&shore, &ship, &due[1], now + 180);
    assert_eq!(
        (after.verdict.as_str(), &after.findings[..]),
        ("done", &["key_rotated".to_owned()][..]),
        "{}",
        after.why
    );
    // What the old key signed counts as before.
    assert_eq!(said(&shore, &due[0]).verdict, "done");
    let data = shore.folder.path();
    let (was, is) = (line_of(data, old), line_of(data, new));
    assert!(was.contains(&format!("key rotated to {new}")), "{was}");
    assert!(is.contains("crew") && is.contains(&format!("took the place of {old}")), "{is}");
    let page = shore.get(&format!("/patrols/{}", due[1].id));
    assert!(page.contains("First patrol with a new key"), "{page}");

    // The next patrol needs no more words, and the phone reads what others write.
    walk(&mut walker, &ship.plan, &due[2], due[2].opens + 60, &[]);
    for step in 0..2 {
        shore.sync(&mut walker, due[2].deadline() + 600 + step * 60);
    }
    let next = said_at(&shore, &ship, &due[2], due[2].deadline() + 800);
    assert_eq!((next.verdict.as_str(), next.findings.len()), ("done", 0), "{}", next.why);
    assert!(walker.phone.unsent().unwrap().is_empty());
    assert_eq!(walker.phone.disowned().unwrap(), None);
}

#[test]
fn a_shore_that_revokes_what_it_receipted_needs_two_people_and_is_told_on() {
    let (shore, ship, due, _officer, mut walker) = walked();
    let dev = walker.phone.device();
    let (data, id) = (shore.folder.path(), dev.to_string());
    let revoke = |more: &[&str]| {
        let arguments = [&["device", "revoke", SHIPS[0].name, &id, "--after", "1"], more].concat();
        deckwatch(data, &arguments)
    };
    for (people, why) in [
        (&[][..], "--agreed-by"),
        (&["--agreed-by", "Ann"][..], "two people"),
        (&["--agreed-by", "Ann", "--agreed-by", "ann "][..], "one person"),
    ] {
        let (done, words) = revoke(&[people, &["--yes"]].concat());
        assert!(!done && words.contains(why), "{words}");
    }
    assert_eq!(said_at(&shore, &ship, &due[0], due[0].deadline() + 800).verdict, "done");
    let two = ["--agreed-by", "Ann", "--agreed-by", "Bo"];
    let (shown, words) = revoke(&two);
    assert!(shown && words.contains("nothing was done yet"), "{words}");
    let (done, words) = revoke(&[&two[..], &["--yes"]].concat());
    assert!(done && words.contains("Ann and Bo agreed"), "{words}");
    let agreed = said_at(&shore, &ship, &due[0], due[0].deadline() + 900);
    assert_eq!(agreed.verdict, "unverifiable", "{}", agreed.why);
    assert!(agreed.findings.contains(&"receipts_disowned".to_owned()), "{:?}", agreed.findings);

    // A shore that does so without a word writes the record itself. It is a flag, and the phone knows.
    let body = Body::Revoke { dev, last_trusted_seq: 0, reason: 3 };
    shore.shore.append(ship.vessel, &[body]).unwrap();
    let now = due[0].deadline() + 1_000;
    let alone = said_at(&shore, &ship, &due[0], now);
    assert_eq!(alone.verdict, "unverifiable", "{}", alone.why);
    let flags = shore.get("/flags");
    assert!(flags.contains("Receipted records that the shore revoked"), "{flags}");
    assert_eq!(walker.phone.disowned().unwrap(), None);
    shore.sync(&mut walker, now + 60);
    let disowned = walker.phone.disowned().unwrap().unwrap();
    assert_eq!((disowned.dev, disowned.last_trusted_seq), (dev, 0));
    assert!(disowned.receipted_seq > 1);
}
