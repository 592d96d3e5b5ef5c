//! The primitives against Project Wycheproof (Apache-2.0): AES-CMAC, and ECDSA on P-256 with SHA-256 as
//! the chain's signatures use it (r || s, 64 bytes, either form of s).

use cmac::{Cmac, KeyInit, Mac};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use wycheproof::{TestResult, ecdsa, mac};

#[test]
fn aes_cmac() {
    let set = mac::TestSet::load(mac::TestName::AesCmac).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 128) {
        for test in &group.tests {
            // Keys of other lengths are no AES-128 keys.
            let Ok(key) = <[u8; 16]>::try_from(&test.key[..]) else { continue };
            let mut mac = <Cmac<aes::Aes128> as KeyInit>::new(&key.into());
            mac.update(&test.msg);
            let tag = mac.finalize().into_bytes();
            let fits = tag[..group.tag_size / 8] == test.tag[..];
            assert_eq!(fits, test.result != TestResult::Invalid, "{} {}", test.tc_id, test.comment);
            good += usize::from(fits);
            bad += usize::from(!fits);
        }
    }
    assert!(good > 20 && bad > 20, "{good} good, {bad} bad");
}

#[test]
fn ecdsa_on_p256_with_sha256() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        let key = VerifyingKey::from_sec1_bytes(&group.key.key).unwrap();
        for test in &group.tests {
            let signature = Signature::from_slice(&test.sig);
            let fits = signature.is_ok_and(|signature| key.verify(&test.msg, &signature).is_ok());
            assert_eq!(fits, test.result != TestResult::Invalid, "{} {}", test.tc_id, test.comment);
            good += usize::from(fits);
            bad += usize::from(!fits);
        }
    }
    assert!(good > 100 && bad > 50, "{good} good, {bad} bad");
}
