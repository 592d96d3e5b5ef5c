#![no_main]

use std::{collections::BTreeMap, convert::Infallible, sync::LazyLock};

use deckwatch_core::{
    ledger::{
        AddTreeHead, Leaf, LedgerKey, LoggedProof, LoggedRun, Note, NoteError, Policy, Refusal,
        Reply, SignedTreeHead, SplitView, TreeHead, VerifierKey, Witness, WitnessKey, WitnessStore,
        Witnessed,
        tile::{TilePath, unbundle},
    },
    model::Hash,
};
use libfuzzer_sys::fuzz_target;

/// Keys that nobody has signed with.
static LEDGER: LazyLock<LedgerKey> =
    LazyLock::new(|| LedgerKey::from_seed("patrol.example/fleet-1", &[0x5a; 32]).unwrap());
static WITNESS: LazyLock<Witness> = LazyLock::new(|| {
    let key = WitnessKey::from_seed("flag.example/w1", &[0xa5; 32]).unwrap();
    Witness::new(key, [LEDGER.verifier().clone()]).unwrap()
});

struct Nothing(BTreeMap<String, Witnessed>);

impl WitnessStore for Nothing {
    type Error = Infallible;

    fn newest(&mut self, origin: &str) -> Result<Option<Witnessed>, Infallible> {
        Ok(self.0.get(origin).cloned())
    }

    fn advance(
        &mut self,
        _origin: &str,
        _before: Option<&Witnessed>,
        _now: &Witnessed,
    ) -> Result<bool, Infallible> {
        unreachable!("nobody signed it but by chance")
    }

    fn keep(&mut self, _origin: &str, _evidence: &SplitView) -> Result<(), Infallible> {
        unreachable!("nobody signed it but by chance")
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.encode(), data);
        assert!(matches!(
            note.verify([LEDGER.verifier(), WITNESS.verifier()]),
            Err(NoteError::Unknown | NoteError::BadSignature(_) | NoteError::Twice(_))
        ));
    }
    if let Ok(head) = SignedTreeHead::parse(data) {
        assert_eq!(head.encode(), data);
        assert!(head.verify(LEDGER.verifier()).is_err());
        assert!(!Policy::of_ledger(LEDGER.verifier().clone()).judge(&head).is_met());
    }
    if let Ok(proof) = LoggedProof::parse(data) {
        assert_eq!(proof.encode(), data);
        assert!(proof.verify(Hash::ZERO, &Policy::of_ledger(LEDGER.verifier().clone())).is_err());
    }
    if let Ok(request) = AddTreeHead::parse(data) {
        assert_eq!(request.encode(), data);
    }
    let reply = WITNESS.answer(data, &mut Nothing(BTreeMap::new()), &mut || 0).unwrap();
    let unsigned = [Reply::from(&Refusal::Malformed), Reply::from(&Refusal::UnknownOrigin)];
    assert!(unsigned.contains(&reply) || matches!(reply.status, 403 | 413));
    if let Ok(leaf) = Leaf::decode(data) {
        assert_eq!(leaf.encode(), data);
    }
    if let Ok(run) = LoggedRun::decode(data) {
        assert_eq!(run.encode(), data);
    }
    if let Ok(evidence) = SplitView::decode(data) {
        assert_eq!(evidence.encode(), data);
        assert!(evidence.check(LEDGER.verifier()).is_err());
    }
    if let Some((width, bytes)) = data.split_first() {
        let _ = unbundle(bytes, u16::from(*width));
    }
    if let Ok(policy) = Policy::parse(data) {
        let head = SignedTreeHead::sign(8, Hash::ZERO, &LEDGER).unwrap();
        assert!(!policy.judge(&head).to_string().is_empty());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(key) = VerifierKey::parse(text) {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(head) = TreeHead::parse(text) {
            assert_eq!(head.text(), text);
        }
        if let Ok(path) = TilePath::parse(text) {
            assert_eq!(path.to_string(), text);
        }
    }
});
