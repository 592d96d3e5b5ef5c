//! `deckwatch witness`, as its operator runs it and as a ledger asks it.

use std::{collections::BTreeMap, path::PathBuf, thread};

use deckwatch_core::{
    ledger::{
        AddTreeHead, Frontier, KeyType, LedgerKey, NoteSignature, Policy, SignedTreeHead,
        SplitView, VerifierKey,
        merkle::{prove_consistency, root_of},
    },
    model::Hash,
};

use super::*;

const ORIGIN: &str = "patrol.example/fleet-1";

/// A ledger of numbers.
struct Ledger {
    key: LedgerKey,
    nodes: BTreeMap<(u8, u64), Hash>,
}

impl Ledger {
    fn new(leaves: impl IntoIterator<Item = u64>) -> Self {
        let (mut frontier, mut nodes) = (Frontier::default(), BTreeMap::new());
        for leaf in leaves {
            for node in frontier.append(&leaf.to_be_bytes()).unwrap() {
                nodes.insert((node.level, node.index), node.hash);
            }
        }
        Self { key: LedgerKey::from_seed(ORIGIN, &[1; 32]).unwrap(), nodes }
    }

    fn honest() -> Self {
        Self::new(0..300)
    }

    fn request(&self, old: u64, size: u64) -> AddTreeHead {
        let root = root_of(&self.nodes, size).unwrap();
        let head = SignedTreeHead::sign(size, root, &self.key).unwrap();
        AddTreeHead { old, proof: prove_consistency(&self.nodes, old, size).unwrap(), head }
    }
}

/// A witness in a folder.
pub(super) struct Desk {
    folder: tempfile::TempDir,
    pub(super) key: VerifierKey,
    /// The key of the ledger that it witnesses.
    log: String,
}

impl Desk {
    fn new() -> Self {
        Self::of(LedgerKey::from_seed(ORIGIN, &[1; 32]).unwrap().verifier())
    }

    pub(super) fn of(log: &VerifierKey) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = deckwatch()
            .args(["witness", "key", "flag.example/w1", "--key-file"])
            .arg(folder.path().join("witness.key"))
            .output();
        let vkey = said(&made.unwrap());
        let key = VerifierKey::parse_as(vkey.trim(), KeyType::Cosignature).unwrap();
        Self { folder, key, log: log.to_string() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        let [store, key] = ["witness.db", "witness.key"].map(|name| self.file(name));
        let [store, key] = [store, key].map(|path| path.to_str().unwrap().to_owned());
        let words = ["witness", "--listen", "127.0.0.1:0", "--log", &self.log, "--store", &store];
        words.into_iter().chain(["--key-file", &key]).map(str::to_owned).collect()
    }

    pub(super) fn start(&self) -> Serving {
        let arguments = self.arguments();
        Serving::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Whether the reply is this witness's cosignature of that tree head, and the policy says so.
    fn has_cosigned(&self, reply: &Reply, head: &SignedTreeHead) -> bool {
        let Some(line) = reply.body.strip_suffix('\n') else { return false };
        let Ok(line) = NoteSignature::parse(line) else { return false };
        let mut head = head.clone();
        head.add(line).unwrap();
        let log = LedgerKey::from_seed(ORIGIN, &[1; 32]).unwrap().verifier().to_string();
        let policy = format!("log {log}\nwitness flag {}\nquorum flag\n", self.key);
        reply.status == 200 && Policy::parse(policy.as_bytes()).unwrap().judge(&head).is_met()
    }
}

#[derive(Debug)]
struct Reply {
    status: u16,
    content_type: String,
    body: String,
}

fn post(address: &str, body: &[u8]) -> Reply {
    let request = ureq::post(&format!("http://{address}/add-checkpoint"));
    let request = request.config().http_status_as_error(false).build();
    let mut reply = request.send(body).unwrap();
    let content_type = reply.headers().get("content-type").map(|value| value.to_str().unwrap());
    Reply {
        content_type: content_type.unwrap_or_default().to_owned(),
        status: reply.status().as_u16(),
        body: reply.body_mut().read_to_string().unwrap(),
    }
}

#[test]
fn a_witness_remembers_what_it_cosigned_through_a_restart() {
    let (desk, ledger) = (Desk::new(), Ledger::honest());
    let serving = desk.start();
    let health = serving.get("/healthz");
    assert!(health.contains("\"ok\"") && health.contains(&desk.key.to_string()), "{health}");
    let first = ledger.request(0, 100);
    let reply = post(&serving.address, &first.encode());
    assert!(desk.has_cosigned(&reply, &first.head), "{reply:?}");
    drop(serving);

    let serving = desk.start();
    let stale = post(&serving.address, &ledger.request(0, 200).encode());
    let expected = (409, "text/x.tlog.size", "100\n");
    assert_eq!((stale.status, stale.content_type.as_str(), stale.body.as_str()), expected);
    let next = ledger.request(100, 200);
    assert!(desk.has_cosigned(&post(&serving.address, &next.encode()), &next.head));
    // The same again is cosigned again: the reply may have been lost.
    let again = ledger.request(200, 200);
    assert!(desk.has_cosigned(&post(&serving.address, &again.encode()), &again.head));
    assert_eq!(post(&serving.address, b"nonsense").status, 400);
    assert_eq!(post(&serving.address, &vec![b'a'; 1024 * 1024]).status, 413);
    let stranger = LedgerKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    let head = SignedTreeHead::sign(200, again.head.head().root, &stranger).unwrap();
    assert_eq!(post(&serving.address, &AddTreeHead { head, ..again }.encode()).status, 403);
}

#[test]
fn a_second_face_is_refused_and_the_evidence_convicts() {
    let (desk, ledger) = (Desk::new(), Ledger::honest());
    let forged = Ledger::new((0..300).map(|leaf| if leaf < 90 { leaf } else { leaf + 1_000 }));
    let evidence = |out: &str| {
        let command = ["witness", "evidence", "--store"];
        let mut command = deckwatch()
            .args(command)
            .arg(desk.file("witness.db"))
            .arg("--out")
            .arg(desk.file(out))
            .output();
        said(command.as_mut().unwrap())
    };
    let serving = desk.start();
    assert!(evidence("nothing").contains("No ledger"));
    assert_eq!(post(&serving.address, &ledger.request(0, 99).encode()).status, 200);
    // Larger, with a proof that is good in its own face.
    let reply = post(&serving.address, &forged.request(99, 200).encode());
    assert_eq!(reply.status, 422, "{reply:?}");
    assert_eq!(post(&serving.address, &forged.request(99, 99).encode()).status, 409);
    // The honest face goes on.
    let next = ledger.request(99, 300);
    assert!(desk.has_cosigned(&post(&serving.address, &next.encode()), &next.head));
    assert!(evidence("evidence").contains(ORIGIN));
    let bytes = std::fs::read(desk.file("evidence/1.split-view")).unwrap();
    let shown = SplitView::decode(&bytes).unwrap();
    assert_eq!(shown.check(ledger.key.verifier()), Ok(()));
}

/// Two programs on one store are asked at the same moment for two ledgers that both grew from what they cosigned last. They
/// may cosign one of them, and must.
#[test]
fn two_programs_on_one_store_cosign_one_face() {
    let desk = Desk::new();
    let programs = [desk.start(), desk.start()];
    let mut leaves: Vec<u64> = Vec::new();
    for round in 0..25_u64 {
        let faces = [0, 1].map(|face| {
            let next = (0..3).map(|leaf| round * 10 + face * 5 + leaf);
            leaves.iter().copied().chain(next).collect::<Vec<u64>>()
        });
        let old = leaves.len() as u64;
        let cosigned: Vec<bool> = thread::scope(|scope| {
            let asked = faces.iter().zip(&programs).map(|(face, program)| {
                let request = Ledger::new(face.iter().copied()).request(old, face.len() as u64);
                scope.spawn(move || (post(&program.address, &request.encode()), request))
            });
            let asked: Vec<_> = asked.collect();
            let replies = asked.into_iter().map(|asked| asked.join().unwrap());
            replies
                .map(|(reply, request)| {
                    let cosigned = desk.has_cosigned(&reply, &request.head);
                    assert!(cosigned || reply.status == 409, "{reply:?}");
                    cosigned
                })
                .collect()
        });
        let winners = faces.into_iter().zip(&cosigned).filter(|(_, cosigned)| **cosigned);
        let winners: Vec<Vec<u64>> = winners.map(|(face, _)| face).collect();
        assert_eq!(winners.len(), 1, "round {round}: {cosigned:?}");
        leaves.clone_from(&winners[0]);
    }
    // The loser of a race shows two faces of one size: that is kept.
    let mut evidence = deckwatch();
    evidence.args(["witness", "evidence", "--store"]).arg(desk.file("witness.db"));
    let evidence = evidence.arg("--out").arg(desk.file("evidence")).output().unwrap();
    assert!(said(&evidence).contains(ORIGIN));
}

#[test]
fn a_witness_that_cannot_keep_its_word_does_not_start() {
    let desk = Desk::new();
    let again = deckwatch()
        .args(["witness", "key", "flag.example/w1", "--key-file"])
        .arg(desk.file("witness.key"))
        .output();
    assert!(refused(&again.unwrap()).contains("never replaced"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = desk.file("witness.key");
        let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode));
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        mode(0o644).unwrap();
        let open = deckwatch().args(desk.arguments()).output().unwrap();
        assert!(refused(&open).contains("chmod 600"));
        mode(0o600).unwrap();
    }
    std::fs::write(desk.file("witness.db"), "something else ".repeat(100)).unwrap();
    let foreign = deckwatch().args(desk.arguments()).output().unwrap();
    assert!(refused(&foreign).contains("not a database of Deckwatch"));
    // Without a ledger to witness, and with a witness's key for a ledger's.
    let none = deckwatch().arg("witness").output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    let wrong = deckwatch().args(["witness", "--log", &desk.key.to_string()]).output().unwrap();
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("a ledger's"));
    let help = deckwatch().args(["witness", "--help"]).output().unwrap();
    let help = said(&help).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Never restore the store from a backup"), "{help}");
}
