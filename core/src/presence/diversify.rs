//! One key for each tag, from one master key: AN10922 (AES-128), FORMAT.md section 19.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};

use super::tag_key::TagKey;

/// The application of an NTAG 424 DNA.
pub const APPLICATION: [u8; 7] = [0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01];
/// What makes these keys ours.
pub const SYSTEM: [u8; 6] = *b"patrol";
/// The key with which a tag signs what it says (`SDMFileRead`).
pub const MAC_KEY_NUMBER: u8 = 2;
/// Keys of an NTAG 424 DNA.
pub const KEYS: u8 = 5;

const BLOCK: usize = 16;
/// AN10922 takes up to 31 bytes of input.
const MOST: usize = 2 * BLOCK - 1;

/// The key `number` of the tag `uid`: AN10922 of UID || application || number || "patrol".
pub fn tag_key(master: &TagKey, uid: &[u8; 7], number: u8) -> TagKey {
    let mut input = [0; 21];
    let parts = uid.iter().chain(&APPLICATION).chain(std::slice::from_ref(&number)).chain(&SYSTEM);
    input.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    an10922(master, &input)
}

/// AN10922: a CMAC over 01 || input, which is always padded to 32 bytes; a plain CMAC would take fewer
/// blocks of a short input. Of an input that is too long the first 31 bytes count.
pub fn an10922(master: &TagKey, input: &[u8]) -> TagKey {
    let cipher = Aes128::new(&(*master.expose()).into());
    let encrypted = |block: [u8; BLOCK]| -> [u8; BLOCK] {
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        block.into()
    };
    let subkey = doubled(encrypted([0; BLOCK]));
    let full = input.len() >= MOST;
    let subkey = if full { subkey } else { doubled(subkey) };
    let padding = [0x80].into_iter().chain(std::iter::repeat(0));
    let mut bytes =
        std::iter::once(1).chain(input.iter().copied().take(MOST)).chain(padding).take(2 * BLOCK);
    let mut next = || {
        let mut block = [0; BLOCK];
        block.iter_mut().zip(&mut bytes).for_each(|(to, from)| *to = from);
        block
    };
    let (first, last) = (next(), next());
    let first = encrypted(first);
    let mut end = [0; BLOCK];
    for (to, ((a, b), c)) in end.iter_mut().zip(first.iter().zip(&last).zip(&subkey)) {
        *to = a ^ b ^ c;
    }
    TagKey::new(encrypted(end))
}

/// Twice a value in GF(2^128), as RFC 4493 makes its subkeys.
fn doubled(block: [u8; BLOCK]) -> [u8; BLOCK] {
    let value = u128::from_be_bytes(block);
    let reduced = if value >> 127 == 1 { 0x87 } else { 0 };
    ((value << 1) ^ reduced).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use cmac::{Cmac, Mac};
    use data_encoding::HEXLOWER_PERMISSIVE as HEX;
    use serde_json::Value;

    use super::*;

    fn plain_cmac(key: &[u8; 16], message: &[u8]) -> Vec<u8> {
        let mut mac = <Cmac<Aes128> as KeyInit>::new(&(*key).into());
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    fn bytes(of: &Value, field: &str) -> Vec<u8> {
        HEX.decode(of[field].as_str().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn the_published_keys_and_the_trap_of_short_inputs() {
        let file: Value =
            serde_json::from_str(include_str!("vectors/an10922_aes128.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 4);
        for vector in vectors {
            let master: [u8; 16] = bytes(vector, "master").try_into().unwrap();
            let input = bytes(vector, "m");
            let made = an10922(&TagKey::new(master), &input);
            let field = if vector["an10922"].is_string() { "an10922" } else { "diversified" };
            assert_eq!(made.expose()[..], bytes(vector, field), "{}", vector["name"]);
            let plain = plain_cmac(&master, &[&[1], &input[..]].concat());
            if vector["plain_cmac_of_01_m"].is_string() {
                assert_eq!(plain, bytes(vector, "plain_cmac_of_01_m"));
                assert_ne!(plain, made.expose());
            } else {
                assert_eq!(plain, made.expose());
            }
        }
        let published = &vectors[0];
        let k1 = doubled(bytes(published, "k0").try_into().unwrap());
        assert_eq!(k1[..], bytes(published, "k1"));
        assert_eq!(doubled(k1)[..], bytes(published, "k2"));
        let input = [&[1], &bytes(published, "m")[..], &[0x80]].concat();
        assert_eq!(bytes(published, "cmac_input")[..input.len()], input);
    }

    #[test]
    fn a_tags_key_is_the_one_of_the_format() {
        let file: Value =
            serde_json::from_str(include_str!("vectors/an10922_aes128.json")).unwrap();
        let ours = &file["vectors"][3];
        let master = TagKey::new(bytes(ours, "master").try_into().unwrap());
        let uid: [u8; 7] = bytes(ours, "m")[..7].try_into().unwrap();
        let key = tag_key(&master, &uid, MAC_KEY_NUMBER);
        assert_eq!(key.expose()[..], bytes(ours, "diversified"));
        assert_ne!(tag_key(&master, &uid, 0).expose(), key.expose());
    }

    #[test]
    fn aes_cmac_is_that_of_rfc_4493() {
        let file: Value =
            serde_json::from_str(include_str!("vectors/rfc4493_aes_cmac.json")).unwrap();
        let (key, message) = (bytes(&file, "key").try_into().unwrap(), bytes(&file, "message"));
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 4);
        for vector in vectors {
            let len = usize::try_from(vector["len"].as_u64().unwrap()).unwrap();
            assert_eq!(plain_cmac(&key, &message[..len]), bytes(vector, "mac"));
        }
    }
}
