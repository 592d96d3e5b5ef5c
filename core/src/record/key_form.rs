//! Keys and signatures in the forms in which key stores give them, and in ours.

use p256::ecdsa::{Signature, VerifyingKey};

use super::{
    body::PublicKeyBytes,
    key::{KeyError, SIGNATURE_LEN, is_public_key},
};

/// What stands before the point in a SubjectPublicKeyInfo of a P-256 key (RFC 5480): what Android's
/// `PublicKey.getEncoded` gives.
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A public key from its compressed point (33 bytes), its point (65 bytes, as iOS gives it) or a
/// SubjectPublicKeyInfo (91 bytes, as Android gives it).
pub fn public_key_from(bytes: &[u8]) -> Result<PublicKeyBytes, KeyError> {
    let point = bytes.strip_prefix(&SPKI_P256).unwrap_or(bytes);
    match point {
        [0x02 | 0x03, ..] => {
            let key = PublicKeyBytes::try_from(point).map_err(|_| KeyError::NotAKey)?;
            if is_public_key(&key) { Ok(key) } else { Err(KeyError::NotAKey) }
        }
        [0x04, ..] => {
            let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| KeyError::NotAKey)?;
            let point = key.to_sec1_point(true);
            PublicKeyBytes::try_from(point.as_bytes()).map_err(|_| KeyError::NotAKey)
        }
        _ => Err(KeyError::NotAKey),
    }
}

/// A signature from r || s (64 bytes) or from DER, as both Android and iOS give it. Bytes that are both
/// are taken as DER; that befalls less than one r || s in 2^32, and [`sign`](super::key::sign) would notice.
pub fn signature_from(bytes: &[u8]) -> Result<[u8; SIGNATURE_LEN], KeyError> {
    let signature = match Signature::from_der(bytes) {
        Ok(signature) => signature,
        Err(_) => Signature::from_slice(bytes).map_err(|_| KeyError::InvalidSignature)?,
    };
    Ok(signature.to_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entropy::SeededEntropy,
        record::{DeviceKey, SoftwareKey},
    };

    #[test]
    fn every_form_of_a_key_is_the_same_key() {
        for seed in 0..8 {
            let key = SoftwareKey::generate(&mut SeededEntropy::new(seed)).public_key();
            let point = VerifyingKey::from_sec1_bytes(&key).unwrap().to_sec1_point(false);
            let info = [&SPKI_P256[..], point.as_bytes()].concat();
            assert_eq!((point.as_bytes().len(), info.len()), (65, 91));
            for form in [&key[..], point.as_bytes(), &info] {
                assert_eq!(public_key_from(form), Ok(key));
                assert_eq!(public_key_from(&form[..form.len() - 1]), Err(KeyError::NotAKey));
                assert_eq!(public_key_from(&[form, &[0]].concat()), Err(KeyError::NotAKey));
            }
            // Off the curve.
            let mut point = point.as_bytes().to_vec();
            point[64] ^= 1;
            assert_eq!(public_key_from(&point), Err(KeyError::NotAKey));
        }
        assert_eq!(public_key_from(&[]), Err(KeyError::NotAKey));
        assert_eq!(public_key_from(&[0; 33]), Err(KeyError::NotAKey));
    }

    #[test]
    fn every_form_of_a_signature_is_the_same_signature() {
        let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
        for message in 0_u32..64 {
            let raw = key.sign(&message.to_be_bytes()).unwrap();
            let der = Signature::from_slice(&raw).unwrap().to_der();
            assert_eq!(signature_from(&raw), Ok(raw));
            assert_eq!(signature_from(der.as_bytes()), Ok(raw));
            let longer = [der.as_bytes(), &[0]].concat();
            assert_eq!(signature_from(&longer), Err(KeyError::InvalidSignature));
        }
        for wrong in [&[][..], &[0; 64], &[0xff; 64], &[1; 63], &[1; 65], &[0x30; 70]] {
            assert_eq!(signature_from(wrong), Err(KeyError::InvalidSignature), "{wrong:?}");
        }
    }
}
