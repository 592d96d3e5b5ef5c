//! Pages of days, and of patrols that nothing asked for.

use deckwatch::demo::seed::tag_at;

use super::*;

const MARKUP: &str = "</blockquote><script>alert(1)</script>\u{5d0}\u{5d1}";

/// The number of the day of BEGIN, and its page.
fn first_day(ship: &TestVessel) -> (PageSubject, String) {
    let day = ship.plan.ship_time.day(BEGIN + DAY / 2);
    (PageSubject::Day(i64::from(day.0)), format!("/vessels/{}/days/{day}", ship.vessel))
}

#[test]
fn a_day_has_a_page_with_its_handovers_and_the_shore_answers_there() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 77);
    let (subject, path) = first_day(&ship);
    let reader = Reader::at(&shore, path.clone());
    let at = BEGIN + DAY / 2;
    shore.clock.set(at);
    let empty = reader.page();
    for expected in ["Nothing yet. Handovers, incidents and defects", "None is known."] {
        assert!(empty.contains(expected), "{expected}: {empty}");
    }
    let vessel = format!("/vessels/{}?day={}", ship.vessel, path.rsplit('/').next().unwrap());
    let listed = shore.get(&vessel);
    assert!(listed.contains(&format!("href=\"{path}\"")), "{listed}");
    assert!(listed.contains("nothing is written yet"), "{listed}");

    let handover =
        write(&mut officer, subject, &Draft::Handover { text: "Pump 2 is out.".into() }, at);
    let text = "Gangway net torn.".to_owned();
    write(&mut walker, subject, &Draft::Defect { on: On::Patrol, text }, at + 60);
    write(&mut walker, subject, &remark(MARKUP), at + 90);
    sync(&shore, &mut [&mut walker, &mut officer], at + 600);
    let page = reader.page();
    for expected in
        ["Pump 2 is out.", "Gangway net torn.", "the whole day", "crew 2, ship security officer"]
    {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(page.contains("written ") && !page.contains("written unknown"), "dated: {page}");
    assert!(
        !page.contains("<script>") && page.contains("<bdi>&#60;/blockquote&#62;&#60;script&#62;")
    );
    assert!(shore.get(&vessel).contains("something is written"));

    let mut answer = reader.form("Answer", &format!("id={handover}"));
    set(&mut answer, "text", "A spare comes in Rotterdam.");
    reader.write(&answer);
    let mut mended = reader.form("Close or reopen", "");
    set(&mut mended, "state", "2");
    reader.write(&mended);
    reader.write(&reader.form("Close this page", ""));
    sync(&shore, &mut [&mut walker, &mut officer], at + 1_800);
    let page = officer.phone.page(subject).unwrap();
    assert_eq!(page, shore.shore.page(ship.vessel, subject).unwrap());
    assert_eq!(only(&page, WritingKind::Review).text("text"), Some("A spare comes in Rotterdam."));
    assert_eq!(only(&page, WritingKind::Defect).int("state"), Some(2));
    assert!(page.closed.is_some_and(|by| by.roles.has(Roles::SHORE)));
    assert!(reader.page().contains("Reviewed and closed"));
}

#[test]
fn one_device_pushes_nobody_off_the_page_of_a_day() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 78);
    let (subject, path) = first_day(&ship);
    let at = BEGIN + DAY / 2;
    for n in 0..70 {
        write(&mut walker, subject, &remark(&format!("Noise {n}.")), at + n);
    }
    write(&mut officer, subject, &Draft::Handover { text: "Heard above it.".into() }, at + 100);
    sync(&shore, &mut [&mut walker, &mut officer], at + 600);
    let page = Reader::at(&shore, path).page();
    assert!(page.contains("Heard above it.") && page.contains("Noise 59."), "{page}");
    assert!(page.contains("10 more are kept and not shown here."), "{page}");
}

#[test]
fn a_patrol_that_nothing_asked_for_is_listed_shown_and_written_on() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 79);
    let (_, day) = first_day(&ship);
    let at = BEGIN + DAY / 2;
    let points: Vec<_> = ship.plan.checkpoints.keys().copied().take(2).collect();
    let route = ship.plan.routes.keys().next().copied();
    walker.phone.start(None, route, &walker.clock.read(at * 1_000)).unwrap();
    for (step, point) in (1..).zip(&points) {
        let label = walker.label(tag_at(&ship.plan, *point).unwrap()).unwrap();
        let reading = walker.clock.read((at + step * 60) * 1_000);
        walker.phone.scan_text(&label, &reading).unwrap();
    }
    walker.phone.end(1, 0, &walker.clock.read((at + 300) * 1_000)).unwrap();
    sync(&shore, &mut [&mut walker, &mut officer], at + 600);

    let listed = shore.get(&day);
    let link = links(&listed, "Patrol ").remove(0);
    let device = walker.phone.device();
    assert!(link.contains(&format!("/unplanned/{device}/")), "{link}");
    let vessel = format!("/vessels/{}?day={}", ship.vessel, day.rsplit('/').next().unwrap());
    assert_eq!(links(&shore.get(&vessel), "Patrol ")[0], link, "the vessel's page has it too");
    let patrol = link.rsplit('/').next().unwrap().parse().unwrap();
    let subject = PageSubject::Unplanned { dev: device, patrol };
    write(&mut walker, subject, &remark("Heard a noise, had a look."), at + 700);
    sync(&shore, &mut [&mut walker, &mut officer], at + 900);

    let reader = Reader::at(&shore, link);
    let page = reader.page();
    for point in &points {
        assert!(page.contains(&ship.plan.checkpoint_name(*point)), "{page}");
    }
    for expected in ["Heard a noise, had a look.", "crew 11", "no verdict", "finished"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    let mut fields = reader.form("Write a remark", "");
    set(&mut fields, "on", &On::Point(points[1]).words());
    set(&mut fields, "text", "Well done.");
    reader.write(&fields);
    sync(&shore, &mut [&mut walker, &mut officer], at + 1_800);
    let page = walker.phone.page(subject).unwrap();
    assert!(page.writings.iter().any(|it| it.text("text") == Some("Well done.")));
    assert_eq!(page.about, Some(subject));
}
