#![no_main]

use std::sync::LazyLock;

use deckwatch_core::{
    audit::{Bundle, Manifest, Options, verify},
    ledger::{LedgerKey, Policy},
    record::ForkProof,
};
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let key = LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap();
    Policy::of_ledger(key.verifier().clone())
});

/// Parts of a bundle, in the order of their names.
const NAMES: [&str; 8] = [
    "consistency.cbor",
    "contents.cbor",
    "leaves.cbor",
    "ledger-leaves.cbor",
    "manifest.cbor",
    "receipts.cbor",
    "segments/0000000000000000.cbor",
    "tree-head.txt",
];

// An archive as it is, or the parts of one behind lengths of three bytes: checksums keep a fuzzer out of an archive.
fuzz_target!(|data: &[u8]| {
    if let Ok(bundle) = Bundle::from_archive(data) {
        assert_eq!(bundle.to_archive().unwrap(), data);
        let report = verify(&bundle, &POLICY, &Options::default());
        // Nobody's signature fits by chance.
        assert!(report.is_err() || report.is_ok_and(|report| report.exit_code() == 1));
    }
    let mut bundle = Bundle::default();
    let mut rest = data;
    for name in NAMES {
        let Some((length, more)) = rest.split_first_chunk::<3>() else { break };
        let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
        let (part, more) = more.split_at(length.min(more.len()));
        bundle.put(name, part.to_vec());
        rest = more;
    }
    if let Ok(report) = verify(&bundle, &POLICY, &Options::default()) {
        assert_eq!(report.exit_code(), 1);
        let _ = report.to_string();
    }
    if let Ok(manifest) = Manifest::decode(data) {
        assert_eq!(manifest.encode(), data);
    }
    if let Ok(proof) = ForkProof::decode(data) {
        assert_eq!(proof.encode(), data);
        assert!(proof.check().is_err());
    }
});
