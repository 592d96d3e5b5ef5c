use serde::de::IgnoredAny;

use super::StoreError;

/// Most rows that one list gives, whatever limit was asked for.
pub const MAX_LIST: u32 = 1_000;
/// Longest segment: FORMAT.md section 6.
pub const MAX_SEGMENT_BYTES: usize = 65_535;
/// Longest document change: the gate lets none pass that is longer.
pub const MAX_CHANGE_BYTES: usize = 48 * 1024;
/// Longest receipt. One of FORMAT.md section 10 has about 180 bytes.
pub const MAX_RECEIPT_BYTES: usize = 1_024;
/// Longest JSON text of a projection.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;
/// Longest name of a vessel or label of an enrolment.
pub const MAX_NAME_BYTES: usize = 200;
/// Longest verdict, code or severity.
pub const MAX_WORD_BYTES: usize = 64;
/// Longest cause of a revision.
pub const MAX_CAUSE_BYTES: usize = 1_000;
/// Longest range of days of one query: ten years.
pub const MAX_DAYS: u32 = 3_660;

/// A sequence number as every database can keep it: never wrapped, refused when too large.
pub(super) fn kept_number(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::OutOfRange { what, value })
}

fn check_length(what: &'static str, size: usize, limit: usize) -> Result<(), StoreError> {
    if size > limit {
        let (size, limit) = (size as u64, limit as u64);
        return Err(StoreError::TooLarge { what, size, limit });
    }
    Ok(())
}

pub(super) fn check_bytes(
    what: &'static str,
    bytes: &[u8],
    limit: usize,
) -> Result<(), StoreError> {
    if bytes.is_empty() {
        return Err(StoreError::Refused { what, why: "there is nothing in it" });
    }
    check_length(what, bytes.len(), limit)
}

/// PostgreSQL cannot keep U+0000 in a text, so nobody does.
pub(super) fn check_text(what: &'static str, text: &str, limit: usize) -> Result<(), StoreError> {
    check_length(what, text.len(), limit)?;
    if text.contains('\0') {
        return Err(StoreError::Refused { what, why: "it holds the character U+0000" });
    }
    Ok(())
}

pub(super) fn check_filled_text(
    what: &'static str,
    text: &str,
    limit: usize,
) -> Result<(), StoreError> {
    if text.trim().is_empty() {
        return Err(StoreError::Refused { what, why: "it is empty" });
    }
    check_text(what, text, limit)
}

pub(super) fn check_json(what: &'static str, text: &str) -> Result<(), StoreError> {
    check_length(what, text.len(), MAX_JSON_BYTES)?;
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|_| StoreError::Refused { what, why: "it is not JSON" })?;
    Ok(())
}

pub(super) fn check_days(days: &std::ops::RangeInclusive<i32>) -> Result<(), StoreError> {
    let size = i64::from(*days.end()) - i64::from(*days.start()) + 1;
    if size > i64::from(MAX_DAYS) {
        let size = size.unsigned_abs();
        return Err(StoreError::TooLarge { what: "range of days", size, limit: MAX_DAYS.into() });
    }
    Ok(())
}

/// The rows to give for a limit asked for.
pub(super) fn rows_within(limit: u32) -> u32 {
    limit.min(MAX_LIST)
}
