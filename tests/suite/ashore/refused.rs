//! What is refused before anything is written.

use super::*;

#[test]
fn other_sites_other_names_and_strangers_write_nothing() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 75);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    sync(&shore, &mut [&mut walker, &mut officer], due.deadline() + 600);
    let reader = Reader::at(&shore, format!("/patrols/{}", due.id));
    let mut fields = reader.form("Write a remark", "");
    set(&mut fields, "text", "Not from here.");
    let to = format!("{}/write", reader.path);
    let own = format!("http://{}", shore.address);
    for (status, headers) in [
        (403, &[("origin", "https://evil.example")][..]),
        (403, &[("origin", "null")]),
        (403, &[("origin", &own), ("sec-fetch-site", "cross-site")]),
        (403, &[]),
        // A name that was made to resolve here: the browser takes the page for one of the same site.
        (421, &[("host", "evil.example"), ("origin", "http://evil.example")]),
        (421, &[("host", "evil.example"), ("sec-fetch-site", "same-origin")]),
    ] {
        let answer = post_form(shore.address, &to, &fields, headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(answer.text.contains("Nothing was"), "{}", answer.text);
    }
    let strange = open(shore.address, &reader.path, &[("host", "evil.example")]);
    assert_eq!(strange.status, 421);
    assert!(!strange.text.contains(SHIPS[0].name), "{}", strange.text);
    assert_eq!(shore.shore.page(ship.vessel, subject).unwrap(), PageContent::default());
    reader.write(&fields);
    assert_eq!(shore.shore.page(ship.vessel, subject).unwrap().writings.len(), 1);
}

#[test]
fn what_is_no_form_of_a_page_is_refused_with_a_page() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 76);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    sync(&shore, &mut [&mut walker, &mut officer], due.deadline() + 600);
    let reader = Reader::at(&shore, format!("/patrols/{}", due.id));
    let good = reader.form("Write a remark", "");
    let changed = |name: &str, value: &str| {
        let mut fields = good.clone();
        fields.insert("text".to_owned(), "Words.".to_owned());
        fields.insert(name.to_owned(), value.to_owned());
        fields
    };
    for (status, fields) in [
        (400, Fields::new()),
        (400, changed("form", "shout")),
        (400, changed("name", "zz")),
        (400, changed("name", "0011")),
        (400, changed("seen", "zz")),
        (400, changed("step", "now")),
        // A place that is not on the route, a writing, a flag, a field that nobody asked for.
        (422, changed("on", "point 00000000000000ff")),
        (422, changed("on", "flag")),
        (422, changed("admin", "1")),
        (409, changed("form", "accept")),
        (409, changed("form", "settle")),
        (409, changed("form", "reopen")),
    ] {
        let answer = reader.send(&fields);
        assert_eq!(answer.status, status, "{fields:?}: {}", answer.text);
        assert!(answer.text.contains("<html") && answer.text.contains("Nothing was"));
    }
    let vessel = ship.vessel;
    for path in [
        "/patrols/00/write?form=remark".to_owned(),
        format!("{}/write", reader.path),
        format!("{}/write?form=shout", reader.path),
        format!("/vessels/{vessel}/days/2026-13-01"),
        format!("/vessels/{vessel}/days/1999-01-01"),
        format!("/vessels/{vessel}/days/9999-12-31/write?form=remark"),
        format!("/vessels/{vessel}/unplanned/{}/99", walker.phone.device()),
        format!("/vessels/{vessel}/unplanned/0011223344556677/1"),
        format!("/vessels/{}/days/2026-11-01", "00".repeat(16)),
    ] {
        assert_eq!(open(shore.address, &path, &[]).status, 404, "{path}");
    }
    let far = format!("/vessels/{vessel}/days/1999-01-01");
    assert_eq!(Reader::at(&shore, far).send(&changed("on", "patrol")).status, 404);
    assert_eq!(shore.shore.page(vessel, PageSubject::Due(due.id)).unwrap().writings.len(), 0);
}
