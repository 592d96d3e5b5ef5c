//! Base64 as notes and keys have it: one text for one value.

use data_encoding::BASE64;

/// Reads RFC 4648 section 4 with padding. Padding in the middle, which is how the crate lets texts be put one behind
/// another, is refused (section 3.3): a signature line would have many forms.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.trim_end_matches('=').contains('=') {
        return None;
    }
    BASE64.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_text() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", b"abcd"] {
            assert_eq!(decode(&BASE64.encode(bytes)).unwrap(), bytes);
        }
        for other in [
            "YQ==YWI=", "YQ==YQ==", "YWI=YWJj", "YR==", "YQ=", "YQ", "YQ===", "=", "====",
            "YQ==\n", "YQ =",
        ] {
            assert_eq!(decode(other), None, "{other}");
        }
    }
}
