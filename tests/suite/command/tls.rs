//! `serve` and `witness` with certificate files, as an operator starts them and as phones and shores ask them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use deckwatch::demo::phone::SimulatedPhone;
use deckwatch_core::{
    ledger::{KeyType, VerifierKey},
    record::Enrolment,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};

use super::*;

/// Whoever makes certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let made = params.self_signed(&key).unwrap();
        Self { pem: made.pem(), der: made.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// The arguments that serve with a certificate for `name`, in two files of `folder`.
    fn certify(&self, folder: &Path, name: &str, last_year: i32) -> [String; 4] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(last_year, 12, 31);
        let made = params.signed_by(&key, &self.issuer).unwrap();
        let [chain, secret] = ["chain.pem", "key.pem"].map(|file| folder.join(file));
        write_key(&secret, key.serialize_pem().as_bytes());
        std::fs::write(&chain, made.pem() + &self.pem).unwrap();
        let [chain, secret] = [chain, secret].map(|path| path.to_str().unwrap().to_owned());
        ["--tls-cert".to_owned(), chain, "--tls-key".to_owned(), secret]
    }

    fn file(&self, folder: &Path, name: &str) -> PathBuf {
        std::fs::write(folder.join(name), &self.pem).unwrap();
        folder.join(name)
    }

    fn agent(&self) -> ureq::Agent {
        let root = ureq::tls::Certificate::from_der(&self.der).to_owned();
        let tls = ureq::tls::TlsConfig::builder().root_certs([root].into_iter().into()).build();
        ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build()
            .into()
    }

    /// A connection whose handshake is done.
    fn connect(
        &self,
        address: &str,
        alpn: &[&[u8]],
        tls: &'static rustls::SupportedProtocolVersion,
    ) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&[tls]).unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let name = ServerName::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut stream = TcpStream::connect(address)?;
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(tls, stream))
    }
}

/// A file that its owner alone may read, exchanged at once.
fn write_key(path: &Path, bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
    file.write_all(bytes).unwrap();
    file.persist(path).unwrap();
}

/// Asks for `/healthz` on a connection that stays open.
fn healthy(connection: &mut (impl Read + Write)) -> bool {
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut got = Vec::new();
    let mut more = [0; 1024];
    while !String::from_utf8_lossy(&got).contains("\"ok\"") {
        let read = connection.read(&mut more).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&more[..read]);
    }
    got.starts_with(b"HTTP/1.1 200")
}

/// A program that serves, and what it logs.
struct Logging {
    serving: Serving,
    log: Arc<Mutex<String>>,
}

impl Logging {
    fn start(arguments: &[&str]) -> Self {
        let mut command = deckwatch();
        command.args(arguments).env("RUST_LOG", "info").env("NO_COLOR", "1");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (log, errors) = (Arc::new(Mutex::new(String::new())), child.stderr.take().unwrap());
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { serving: Serving::of(child), log }
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

/// Asks until it is so; files are looked at every ten seconds.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let came = (0..600).any(|_| {
        let is = is();
        let _ = never.recv_timeout(Duration::from_millis(if is { 0 } else { 200 }));
        is
    });
    assert!(came, "{what} did not come within two minutes");
}

const LOOPBACK: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn with<'a>(first: &[&'a str], data: &'a Path, more: &'a [String]) -> Vec<&'a str> {
    let mut all = first.to_vec();
    all.extend(["--data", data.to_str().unwrap()]);
    all.extend(more.iter().map(String::as_str));
    all
}

#[test]
fn a_phone_syncs_and_pages_are_read_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (data, authority) = (folder.path().join("data"), Authority::new());
    said(&run(&data, &["vessel", "add", "MV Test"]));
    let invitation = said(&run(&data, &["enrol", "MV Test"]));
    let text = invitation.lines().find(|line| line.starts_with("DECKWATCH-ENROL:")).unwrap();
    let enrolment = Enrolment::from_text(text).unwrap();
    let files = authority.certify(folder.path(), "127.0.0.1", 2099);
    let serving = Serving::start(&with(&LOOPBACK, &data, &files));
    let (agent, address) = (authority.agent(), &serving.address);

    let now = deckwatch::clock::Clock::now(&deckwatch::clock::SystemClock) * 1_000;
    let crew = deckwatch_core::model::CrewNo(4);
    let mut phone = SimulatedPhone::enrol(folder.path(), 3, &enrolment, crew, now).unwrap();
    let request = phone.phone.sync_request(&phone.clock.read(now + 20_000)).unwrap();
    let post = agent.post(format!("https://{address}/v1/sync"));
    let post = post.header("content-type", "application/octet-stream");
    let mut answer = post.send(&request).unwrap();
    assert_eq!(answer.status(), 200);
    let bytes = answer.body_mut().read_to_vec().unwrap();
    let outcome = phone.phone.sync_response(&bytes, &phone.clock.read(now + 20_000)).unwrap();
    assert!(outcome.receipted_seq.is_some(), "{outcome:?}");
    let url = format!("https://{address}/vessels/{}", enrolment.vessel);
    let page = agent.get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(words(&page).contains(&phone.phone.device().to_string()[..8]), "{page}");

    // Whoever believes somebody else, and whoever speaks no TLS, is answered nothing.
    assert!(Authority::new().agent().get(&url).call().is_err());
    assert!(authority.agent().get(format!("http://{address}/healthz")).call().is_err());
    // HTTP/1.1 is what is spoken, whatever else is offered; TLS 1.2 will do.
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut made = authority.connect(address, &[b"h2", b"http/1.1"], version).unwrap();
        assert_eq!(made.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert!(healthy(&mut made));
    }
    assert!(authority.connect(address, &[b"h2"], &rustls::version::TLS13).is_err());
}

#[test]
fn half_done_handshakes_hold_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (data, authority) = (folder.path().join("data"), Authority::new());
    let files = authority.certify(folder.path(), "127.0.0.1", 2099);
    let serving = Serving::start(&with(&LOOPBACK, &data, &files));
    // The first bytes of a handshake: a record of 512 bytes, of which some come.
    let hello = [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[7; 200]].concat();
    let mut half_done: Vec<TcpStream> = (0..300)
        .map(|number| {
            let mut stream = TcpStream::connect(&serving.address).unwrap();
            stream.write_all(&hello[..[0, 3, hello.len()][number % 3]]).unwrap();
            stream
        })
        .collect();
    let url = format!("https://{}/healthz", serving.address);
    let text = authority.agent().get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(text.contains("\"ok\""), "{text}");
    // There are never more than 256: the oldest have ended.
    let ended = half_done[0].read(&mut [0; 16]);
    assert!(ended.is_err() || ended.is_ok_and(|read| read == 0));
    // Somebody who says what is no TLS costs nobody else anything.
    half_done[299].write_all(&[0xff; 4_096]).unwrap();
    assert!(authority.agent().get(&url).call().is_ok());
}

#[test]
fn a_renewed_certificate_is_shown_and_connections_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (data, first, second) = (folder.path().join("data"), Authority::new(), Authority::new());
    let files = first.certify(folder.path(), "127.0.0.1", 2099);
    let logging = Logging::start(&with(&LOOPBACK, &data, &files));
    let address = &logging.serving.address;
    let tls = &rustls::version::TLS13;
    let mut stays = first.connect(address, &[], tls).unwrap();
    assert!(healthy(&mut stays));
    second.certify(folder.path(), "127.0.0.1", 2099);
    until("the second certificate", || second.connect(address, &[], tls).is_ok());
    assert!(first.connect(address, &[], tls).is_err(), "the first one is shown no more");
    assert!(healthy(&mut stays));
    // What cannot be used is logged, and nothing else happens.
    std::fs::write(folder.path().join("chain.pem"), "half of a certificate").unwrap();
    until("a line in the log", || logging.log().contains("the certificate before it stays"));
    assert!(logging.log().contains("chain.pem holds no certificate"), "{}", logging.log());
    assert!(healthy(&mut second.connect(address, &[], tls).unwrap()));
    assert!(healthy(&mut stays));
}

#[test]
fn keys_that_others_may_read_and_files_that_do_not_fit_serve_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, authority) = (folder.path().join("data"), Authority::new());
    let files = authority.certify(folder.path(), "127.0.0.1", 2099);
    let start = |more: &[String]| deckwatch().args(with(&LOOPBACK, &data, more)).output().unwrap();
    let half = start(&files[..2]);
    assert_eq!(half.status.code(), Some(2), "{}", String::from_utf8_lossy(&half.stderr));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = folder.path().join("key.pem");
        let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode));
        mode(0o640).unwrap();
        let said = refused(&start(&files));
        assert!(said.contains("mode 640") && said.contains("chmod 600"), "{said}");
        mode(0o600).unwrap();
    }
    write_key(
        &folder.path().join("key.pem"),
        KeyPair::generate().unwrap().serialize_pem().as_bytes(),
    );
    assert!(refused(&start(&files)).contains("does not belong"));
    let ca =
        ["--witness-ca".to_owned(), folder.path().join("key.pem").to_str().unwrap().to_owned()];
    assert!(refused(&start(&ca)).contains("no authority's certificate"));
}

#[test]
fn plain_http_off_loopback_is_warned_of_and_what_proxies_add_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let everywhere = ["serve", "--listen", "0.0.0.0:0"];
    let authority = Authority::new();
    let tls = authority.certify(folder.path(), "127.0.0.1", 2099);
    let warned = |start: &[&str], more: &[String]| {
        let logging = Logging::start(&with(start, folder.path(), more));
        let port = logging.serving.address.rsplit(':').next().unwrap().to_owned();
        until("that it serves", || TcpStream::connect(format!("127.0.0.1:{port}")).is_ok());
        drop(logging.serving);
        let log = logging.log.lock().unwrap().clone();
        log.contains("plain HTTP is read")
    };
    assert!(warned(&everywhere, &[]));
    assert!(!warned(&everywhere, &["--behind-proxy".to_owned()]));
    assert!(!warned(&everywhere, &tls));
    assert!(!warned(&LOOPBACK, &[]));

    let serving = Serving::start(&with(&LOOPBACK, folder.path(), &["--behind-proxy".to_owned()]));
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let status = |added: &[(&str, &str)]| {
        let mut request =
            agent.get(format!("http://{}/", serving.address)).header("host", "evil.example");
        for (name, value) in added {
            request = request.header(*name, *value);
        }
        request.call().unwrap().status().as_u16()
    };
    assert_eq!(status(&[]), 421);
    let added = [
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=127.0.0.1;host=localhost;proto=https"),
    ];
    assert_eq!(status(&added), 421);
}

/// A shore with a vessel, and a witness of its ledger that serves with a certificate.
struct Pair {
    folder: tempfile::TempDir,
    witness: super::witness::Desk,
    authority: Authority,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        said(&run(&data, &["vessel", "add", "MV Test"]));
        let shown = said(&run(&data, &["ledger", "show"]));
        let key = shown.lines().find_map(|line| line.strip_prefix("key ")).unwrap().trim();
        let key = VerifierKey::parse_as(key, KeyType::Ed25519).unwrap();
        Self { folder, witness: super::witness::Desk::of(&key), authority: Authority::new() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn serve(&self, name: &str, last_year: i32) -> Serving {
        let files = self.authority.certify(self.folder.path(), name, last_year);
        let arguments: Vec<String> = self.witness.arguments().into_iter().chain(files).collect();
        Serving::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn at(&self, serving: &Serving, host: &str) -> String {
        let port = serving.address.rsplit(':').next().unwrap();
        format!("https://{host}:{port}={}", self.witness.key)
    }

    /// Hands out evidence with the witness's cosignature; `Err`: why there is none.
    fn export(&self, at: &str, ca: Option<&Path>) -> Result<(), String> {
        let out = self.folder.path().join("bundle.zip");
        let mut words =
            vec!["export", "--vessel", "MV Test", "--for", "Flag", "--from", "2026-11-03"];
        words.extend(["--to", "2026-11-04", "-o", out.to_str().unwrap(), "--witness", at]);
        words.extend(ca.iter().flat_map(|ca| ["--witness-ca", ca.to_str().unwrap()]));
        let output = run(&self.data(), &words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }
}

#[test]
fn a_witness_cosigns_for_a_shore_over_tls() {
    let pair = Pair::new();
    let witness = pair.serve("127.0.0.1", 2099);
    let ca = pair.authority.file(pair.folder.path(), "ca.pem");
    let at = pair.at(&witness, "127.0.0.1");
    pair.export(&at, Some(&ca)).unwrap();
    // A server asks by itself, and has a certificate too.
    said(&run(&pair.data(), &["vessel", "add", "MV Second"]));
    let folder = tempfile::tempdir().unwrap();
    let mut files = pair.authority.certify(folder.path(), "127.0.0.1", 2099).to_vec();
    files.extend(["--witness".to_owned(), at, "--witness-ca".to_owned()]);
    files.push(ca.to_str().unwrap().to_owned());
    let serving = Serving::start(&with(&LOOPBACK, &pair.data(), &files));
    let url = format!("https://{}/ledger/checkpoint", serving.address);
    let agent = pair.authority.agent();
    until("the cosignature", || {
        let text = agent.get(&url).call().unwrap().body_mut().read_to_string().unwrap();
        text.contains("\u{2014} flag.example/w1 ")
    });
}

#[test]
fn witnesses_with_wrong_certificates_are_not_asked_and_it_is_said_why() {
    let pair = Pair::new();
    let ca = pair.authority.file(pair.folder.path(), "ca.pem");
    let why = |serving: &Serving, host: &str, ca: Option<&Path>| {
        pair.export(&pair.at(serving, host), ca).unwrap_err()
    };
    {
        let good = pair.serve("localhost", 2099);
        pair.export(&pair.at(&good, "localhost"), Some(&ca)).unwrap();
        // By the public authorities, by another one's, and under another name.
        assert!(why(&good, "localhost", None).contains("from no authority that is believed"));
        let other = Authority::new().file(pair.folder.path(), "other.pem");
        let other = why(&good, "localhost", Some(&other));
        assert!(other.contains("its certificate"), "{other}");
        let name = why(&good, "127.0.0.1", Some(&ca));
        assert!(name.contains("for another name"), "{name}");
        let plain = pair.at(&good, "localhost").replace("https://", "http://");
        pair.export(&plain, Some(&ca)).unwrap_err();
    }
    let expired = pair.serve("localhost", 2021);
    let said = why(&expired, "localhost", Some(&ca));
    assert!(said.contains("has expired") && said.contains("did not cosign"), "{said}");
}
