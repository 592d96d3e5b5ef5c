//! What is asked at a checkpoint: yes or no, a number, or words. Numbers are kept in thousandths, so that
//! limits are compared without floating point.

use serde::{Deserialize, Serialize};

/// Characters of an item's name at most.
pub const MAX_ITEM: usize = 24;
/// The largest limit of a number, in thousandths, on either side of zero.
pub const MAX_MILLI: i64 = 1_000_000_000_000;

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Yes or no.
    #[default]
    YesNo,
    /// A number, with a unit and limits where there are any.
    Number,
    /// Words.
    Text,
}

impl CheckKind {
    /// All, in the order of choices.
    pub const ALL: [Self; 3] = [Self::YesNo, Self::Number, Self::Text];

    /// As it stands in the document.
    pub fn word(self) -> &'static str {
        match self {
            Self::YesNo => "yes_no",
            Self::Number => "number",
            Self::Text => "text",
        }
    }

    /// Reads [`CheckKind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One item of a checkpoint's checklist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Check {
    /// The question, as the crew reads it.
    pub ask: String,
    /// How it is answered.
    pub kind: CheckKind,
    /// Of a number; may be empty.
    pub unit: String,
    /// A number below is remarkable; thousandths.
    pub min_milli: Option<i64>,
    /// A number above is remarkable; thousandths.
    pub max_milli: Option<i64>,
}

/// Whether a text may name an item: 1 to 24 characters of a-z, 0-9 and `_`.
pub fn is_item(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.len() <= MAX_ITEM && text.chars().all(fits)
}

/// Reads a decimal with at most three digits after its point as thousandths: "60.5" is 60,500.
pub fn milli_of(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(whole) || !numeric(part) || part.len() > 3 {
        return None;
    }
    let (whole, part): (i64, i64) = (whole.parse().ok()?, format!("{part:0<3}").parse().ok()?);
    let milli = whole.checked_mul(1_000)?.checked_add(part)?;
    (milli <= MAX_MILLI).then_some(if negative { -milli } else { milli })
}

/// Writes thousandths as the shortest decimal: 60,500 is "60.5".
pub fn decimal_of(milli: i64) -> String {
    let size = milli.unsigned_abs();
    let sign = if milli < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:03}", size / 1_000, size % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_thousandths_both_ways() {
        for (text, milli) in
            [("0", 0), ("60.5", 60_500), ("-3", -3_000), ("-0.125", -125), ("12.034", 12_034)]
        {
            assert_eq!(milli_of(text), Some(milli), "{text}");
            assert_eq!(decimal_of(milli), text);
        }
        assert_eq!(milli_of("007.50"), Some(7_500));
        assert_eq!(decimal_of(i64::MIN), "-9223372036854775.808");
        for wrong in
            ["", "-", ".", "1.", ".5", "1.2345", "1e3", "+1", "--1", " 1", "1 ", "1,5", "٣", "inf"]
        {
            assert_eq!(milli_of(wrong), None, "{wrong:?}");
        }
        assert_eq!(milli_of("1000000000"), Some(MAX_MILLI));
        assert_eq!(milli_of("1000000000.001"), None);
        assert_eq!(milli_of("99999999999999999999"), None);
    }

    #[test]
    fn items_have_short_plain_names() {
        assert!(is_item("co2_bottle_3") && is_item(&"a".repeat(MAX_ITEM)));
        for wrong in ["", "A", "a-b", "a b", "a/b", "ä", &"a".repeat(MAX_ITEM + 1)] {
            assert!(!is_item(wrong), "{wrong:?}");
        }
    }
}
