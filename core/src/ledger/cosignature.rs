//! The cosignature of a witness: c2sp.org/tlog-cosignature, Ed25519, version 1.

/// What is signed: a header, the time, and the tree head's text with all its lines.
pub fn message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// Time and signature out of the bytes of a signature line. A time beyond 2^63 - 1 is none.
pub(super) fn split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = bytes.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    (time <= i64::MAX as u64).then_some((time, signature))
}

pub(super) fn join(time: u64, signature: &[u8; 64]) -> Vec<u8> {
    time.to_be_bytes().iter().chain(signature).copied().collect()
}
