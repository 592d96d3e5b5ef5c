//! The plan editor over HTTP: what is refused before a form is even read, and what every answer is.

use deckwatch_core::plan::PlanContent;

use super::{Answer, Site};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

impl Site {
    fn plan_path(&self) -> String {
        format!("/vessels/{}/plan", self.scene.vessel)
    }

    /// A form as a browser sends it from a page of this server.
    fn form(&self, body: &str) -> Answer {
        let origin = format!("http://{}", self.address);
        let headers = [FORM, ("origin", &origin), ("sec-fetch-site", "same-origin")];
        self.post_to(&self.plan_path(), body.as_bytes(), &headers)
    }

    fn plan(&self) -> (PlanContent, String) {
        let (plan, heads) = self.scene.shore.plan(self.scene.vessel).unwrap();
        (plan, crate::page::plan::heads_word(&heads))
    }
}

fn contact_limit(site: &Site, step: &str, hours: &str) -> String {
    let (_, base) = site.plan();
    format!("form=vessel&step={step}&base={base}&contact_limit_hours={hours}")
}

#[test]
fn a_plan_is_shown_edited_and_shown_again() {
    let site = Site::new();
    let before = site.get(&site.plan_path(), &[]);
    assert_eq!(before.status, 200);
    assert!(before.text().contains("336 h (14 days), as nothing else is set"));
    let form = site.get(&format!("{}/edit?form=vessel", site.plan_path()), &[]);
    assert!(form.text().contains("name=\"contact_limit_hours\""));

    let (plan, seen) = site.plan();
    let preview = site.form(&contact_limit(&site, "preview", "48"));
    assert_eq!((preview.status, preview.header("cache-control")), (200, "no-store"));
    assert!(preview.text().contains("48 h (2 days)"), "{}", preview.text());
    assert!(preview.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(preview.header("referrer-policy"), "same-origin");
    assert_eq!(site.plan(), (plan, seen.clone()), "nothing was written");

    let confirm = format!("{}&seen={seen}", contact_limit(&site, "confirm", "48"));
    let saved = site.form(&confirm);
    let location = format!("{}?saved=yes", site.plan_path());
    assert_eq!((saved.status, saved.header("location")), (303, location.as_str()));
    assert_eq!(site.plan().0.contact_limit_hours, Some(48));
    let heads = site.plan().1;
    let again = site.form(&confirm);
    assert_eq!((again.status, again.header("location")), (303, site.plan_path().as_str()));
    assert_eq!(site.plan().1, heads, "confirming twice changes once");
    let page = site.get(&location, &[]).text();
    assert!(page.contains("Saved.") && page.contains("48 h (2 days)"), "{page}");
}

#[test]
fn other_sites_and_strangers_change_nothing_and_get_a_page() {
    let site = Site::new();
    let (plan, seen) = site.plan();
    let body = format!("{}&seen={seen}", contact_limit(&site, "confirm", "48"));
    let own = format!("http://{}", site.address);
    let post = |headers: &[(&str, &str)]| site.post_to(&site.plan_path(), body.as_bytes(), headers);
    for headers in [
        &[FORM, ("origin", "https://evil.example")][..],
        &[FORM, ("origin", "null")],
        &[FORM, ("origin", &own), ("sec-fetch-site", "cross-site")],
        &[FORM, ("origin", &own), ("sec-fetch-site", "same-site")],
        &[FORM],
    ] {
        let answer = post(headers);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.text().contains("Nothing was changed."), "{}", answer.text());
    }
    for (media, status) in [("text/plain", 415), ("multipart/form-data; boundary=x", 415)] {
        assert_eq!(post(&[("content-type", media), ("origin", &own)]).status, status);
    }
    assert_eq!(post(&[FORM, ("origin", &own), ("content-encoding", "gzip")]).status, 415);
    assert_eq!(site.plan(), (plan, seen));
}

#[test]
fn what_is_no_form_of_the_editor_is_refused() {
    let site = Site::new();
    let (plan, seen) = site.plan();
    let many: Vec<String> = (0..1_001).map(|n| format!("f{n}=")).collect();
    let heads: Vec<String> = (0..65).map(|n| format!("{n:064x}")).collect();
    let large = format!("form=vessel&note={}", "x".repeat(64 * 1024));
    for (body, status) in [
        ("", 400),
        ("form=vessel&step=preview", 400),
        ("form=vessel&step=do&base=&contact_limit_hours=4", 400),
        ("form=ship&step=preview&base=", 400),
        ("form=vessel&step=preview&base=zz", 400),
        ("form=vessel&step=confirm&base=&contact_limit_hours=4", 400),
        ("form=vessel&form=vessel", 400),
        ("a=%zz", 400),
        (&many.join("&"), 400),
        (&format!("form=vessel&step=preview&base={}", heads.join(",")), 400),
        (&large, 413),
        // A version that is not here, a value that cannot be, a field that nobody asked for.
        (&format!("form=vessel&step=preview&base={}", "0".repeat(64)), 422),
        (&contact_limit(&site, "preview", "many"), 422),
        (&format!("{}&admin=1", contact_limit(&site, "preview", "48")), 422),
    ] {
        let answer = site.form(body);
        assert_eq!(answer.status, status, "{body:.80}");
        let text = answer.text();
        assert!(text.contains("Nothing was changed."), "{text}");
        assert!(text.contains("<html"), "{text}");
    }
    assert_eq!(site.plan(), (plan, seen));
    let unclear = site.form(&contact_limit(&site, "preview", "many%22")).text();
    assert!(unclear.contains("value=\"many&#34;\""), "still filled in: {unclear}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let site = Site::new();
    let plan = site.plan_path();
    for path in [
        "/vessels/00/plan".to_owned(),
        format!("/vessels/{}/plan", "00".repeat(16)),
        format!("/vessels/{}/plan/edit?form=vessel", "00".repeat(16)),
        format!("{plan}?at=zz"),
        format!("{plan}?at={}", "00".repeat(32)),
        format!("{plan}/edit"),
        format!("{plan}/edit?form=restore"),
        format!("{plan}/edit?form=route&id=0000000000000000"),
        format!("{plan}/edit?form=check&id=zz"),
    ] {
        assert_eq!(site.get(&path, &[]).status, 404, "{path}");
    }
    let origin = format!("http://{}", site.address);
    let nobody = format!("/vessels/{}/plan", "00".repeat(16));
    let body = contact_limit(&site, "preview", "4");
    let answer = site.post_to(&nobody, body.as_bytes(), &[FORM, ("origin", &origin)]);
    assert_eq!(answer.status, 404);
}
