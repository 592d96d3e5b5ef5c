//! A shore on loopback, asked over HTTP.

mod plan;

use std::net::SocketAddr;
use std::sync::Arc;

use deckwatch_core::authority::Roles;
use deckwatch_core::sync::{Limits, Response};

use crate::page;
use crate::phone::Scene;

struct Site {
    scene: Arc<Scene>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    runtime: tokio::runtime::Runtime,
    serving: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self { status, headers, bytes: response.body_mut().read_to_vec().unwrap() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }
}

impl Site {
    fn new() -> Self {
        let scene = Scene::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shore = Scene::shore(&scene.store, scene.folder.path(), &scene.clock, 8);
        let hosts = super::Hosts::named(["shore.example".to_owned()]);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = runtime.spawn(super::serve(listener, Arc::new(shore), hosts, async {
            drop(stopped.await);
        }));
        Self { scene: Arc::new(scene), address, stop: Some(stop), runtime, serving: Some(serving) }
    }

    fn agent() -> ureq::Agent {
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .into()
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Self::agent().get(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.call().unwrap())
    }

    fn post(&self, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        self.post_to("/v1/sync", body, headers)
    }

    fn post_to(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        let mut request = Self::agent().post(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send(body).unwrap())
    }
}

const BYTES: (&str, &str) = ("content-type", "application/octet-stream");

#[test]
fn a_phone_syncs_and_hears_why_it_is_refused() {
    let site = Site::new();
    let phone = site.scene.invited(2, Roles::CREW);
    let sealed = phone.seal(&phone.request());
    let answer = site.post(&sealed, &[BYTES]);
    assert_eq!((answer.status, answer.header("content-type")), (200, BYTES.1));
    let response = Response::decode(&answer.bytes).unwrap();
    assert_eq!((response.receipts.len(), response.problems.len()), (1, 0));

    let mut damaged = sealed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (status, body) in
        [(401, damaged), (400, b"hello".to_vec()), (413, vec![0; Limits::BYTES + 1])]
    {
        let answer = site.post(&body, &[BYTES]);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(answer.text().contains("nothing was changed"), "{}", answer.text());
    }
    assert_eq!(site.post(&sealed, &[BYTES, ("content-encoding", "gzip")]).status, 415);
    assert_eq!(site.post(&sealed, &[("content-type", "text/plain")]).status, 415);
    assert_eq!(site.get("/v1/sync", &[]).status, 405);
}

#[test]
fn pages_are_shown_and_kept_apart_from_everything_foreign() {
    let site = Site::new();
    let vessel = format!("/vessels/{}", site.scene.vessel);
    for path in ["/", "/flags", &vessel, "/nowhere", "/patrols/zz", "/vessels/00"] {
        let answer = site.get(path, &[]);
        let found = ["/", "/flags", vessel.as_str()].contains(&path);
        assert_eq!(answer.status, if found { 200 } else { 404 }, "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none';"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.text().contains("<html"), "{path}");
    }
    assert!(site.get("/", &[]).text().contains("Aurora"));
    let unknown = format!("/patrols/{}", "00".repeat(16));
    assert_eq!(site.get(&unknown, &[]).status, 404);

    let health: serde_json::Value =
        serde_json::from_slice(&site.get("/healthz", &[]).bytes).unwrap();
    assert_eq!((health["status"].as_str(), health["vessels"].as_u64()), (Some("ok"), Some(1)));
    let style = site.get(&page::stylesheet_href(), &[]);
    assert_eq!(style.text(), page::STYLESHEET);
    assert!(style.header("cache-control").contains("immutable"));
}

#[test]
fn a_page_is_sent_once_and_a_palette_is_remembered() {
    let site = Site::new();
    let first = site.get("/", &[]);
    let tag = first.header("etag");
    assert_eq!(site.get("/", &[("if-none-match", tag)]).status, 304);
    let night = site.get("/?palette=night", &[]);
    assert!(night.header("set-cookie").starts_with("palette=night; "));
    let kept = site.get("/", &[("cookie", "a=b; palette=night")]);
    assert!(kept.text().contains("data-palette=\"night\""));
    assert_eq!(kept.header("set-cookie"), "");
    assert!(!first.text().contains("data-palette=\"night\""));
}

#[test]
fn only_who_asks_under_a_name_of_this_server_is_shown_anything() {
    let site = Site::new();
    let vessel = format!("/vessels/{}", site.scene.vessel);
    let plan = format!("{vessel}/plan");
    let port = site.address.port();
    for own in ["shore.example", "SHORE.example:443", "localhost", &format!("127.0.0.1:{port}")] {
        let answer = site.get(&vessel, &[("host", own)]);
        assert_eq!(answer.status, 200, "{own}");
    }
    for strange in ["evil.example", &format!("evil.example:{port}"), "shore.example.evil.example"] {
        for path in ["/", "/flags", &vessel, &plan, "/nowhere"] {
            let answer = site.get(path, &[("host", strange)]);
            assert_eq!(answer.status, 421, "{strange}{path}");
            let text = answer.text();
            assert!(text.contains("deckwatch serve --host "), "{text}");
            assert!(!text.contains("Aurora"), "{text}");
            assert!(answer.header("content-security-policy").starts_with("default-src 'none';"));
        }
        // The name of the form is that of the request, as it is when a name is made to resolve here.
        let origin = format!("http://{strange}");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers =
            [("host", strange), form, ("origin", &origin), ("sec-fetch-site", "same-origin")];
        assert_eq!(site.post_to(&plan, b"form=roster", &headers).status, 421);
        assert_eq!(site.get("/healthz", &[("host", strange)]).status, 200);
    }
    let hostile = site.get("/", &[("host", "<script>")]);
    assert_eq!(hostile.status, 421);
    assert!(!hostile.text().contains("script"), "{}", hostile.text());
    // A phone is known by its key, under whatever name it was told.
    let phone = site.scene.invited(2, Roles::CREW);
    let sealed = phone.seal(&phone.request());
    assert_eq!(site.post(&sealed, &[BYTES, ("host", "ship-proxy.lan")]).status, 200);
}

#[test]
fn a_server_ends_when_it_is_told() {
    let mut site = Site::new();
    assert_eq!(site.get("/healthz", &[]).status, 200);
    drop(site.stop.take());
    let serving = site.serving.take().unwrap();
    site.runtime.block_on(serving).unwrap().unwrap();
}
