//! No byte of a bundle can be changed, and no byte of a stranger's can harm.

use proptest::prelude::*;

use super::{
    super::{parts::BundleError, *},
    ship::{Ship, Story},
};

fn small() -> Ship {
    Ship::new(Story { short: true, ..Story::default() })
}

/// Whether somebody who reads this file is told that something is wrong.
fn is_refused(archive: &[u8], ship: &Ship) -> bool {
    let Ok(bundle) = Bundle::from_archive(archive) else { return true };
    match verify(&bundle, &ship.policy, &Options::default()) {
        Ok(report) => report.exit_code() == 1,
        Err(_) => true,
    }
}

#[test]
fn every_byte_of_the_archive_matters() {
    let ship = small();
    let archive = ship.bundle().to_archive().unwrap();
    assert!(!is_refused(&archive, &ship));
    for at in 0..archive.len() {
        let mut changed = archive.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(is_refused(&changed, &ship), "byte {at}");
    }
}

/// The same below the archive's checksums: somebody packs a changed part again. Every eleventh byte, because all of them
/// take minutes and have found nothing else.
#[test]
fn the_bytes_of_every_part_matter() {
    let ship = small();
    let bundle = ship.bundle();
    let names: Vec<String> = bundle.parts().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let part = bundle.part(&name).unwrap().to_vec();
        for at in (0..part.len()).step_by(11) {
            let mut changed = part.clone();
            changed[at] ^= 1 << ((at + 3) % 8);
            let mut copy = bundle.clone();
            copy.put(name.clone(), changed);
            let refused = match verify(&copy, &ship.policy, &Options::default()) {
                Ok(report) => report.exit_code() == 1,
                Err(_) => true,
            };
            assert!(refused, "{name}, byte {at}");
        }
    }
}

#[test]
fn parts_left_out_and_put_in_are_refused() {
    let ship = small();
    let names: Vec<String> = ship.bundle().parts().map(|(name, _)| name.to_owned()).collect();
    for name in &names {
        let mut bundle = ship.bundle();
        bundle.take(name);
        match verify(&bundle, &ship.policy, &Options::default()) {
            Ok(report) => assert_eq!(report.exit_code(), 1, "{name}: {report}"),
            Err(error) => assert!(matches!(error, BundleError::Missing(_)), "{name}: {error}"),
        }
    }
    for name in ["policy.txt", "segments/00.cbor", "segments/0000000000000000.cbor.x", "segments/x"]
    {
        let mut bundle = ship.bundle();
        bundle.put(name, vec![0x80]);
        let refused = verify(&bundle, &ship.policy, &Options::default());
        assert_eq!(refused, Err(BundleError::Unknown(name.to_owned())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strangers_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..256), part in 0usize..10) {
        let _ = Bundle::from_archive(&bytes);
        let ship = small();
        let mut bundle = ship.bundle();
        let name = bundle.parts().nth(part).map(|(name, _)| name.to_owned());
        if let Some(name) = name {
            bundle.put(name, bytes);
            let refused = verify(&bundle, &ship.policy, &Options::default());
            prop_assert!(refused.is_err() || refused.is_ok_and(|report| report.exit_code() == 1));
        }
    }
}
