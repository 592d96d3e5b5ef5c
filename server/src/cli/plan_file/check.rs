//! Checks in a plan file. Their limits are decimals there and thousandths in the plan.

use std::fmt;

use deckwatch_core::plan::{
    Check, CheckKind,
    check::{decimal_of, is_item, milli_of},
};
use serde::{Deserialize, Serialize};

use super::PlanFileError;

/// A limit as TOML writes it. Whole or with a point: both read the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Limit {
    Whole(i64),
    Decimal(f64),
}

impl Eq for Limit {}

impl Limit {
    fn of(milli: i64) -> Self {
        let text = decimal_of(milli);
        text.parse().map_or_else(|_| Self::Decimal(text.parse().unwrap_or_default()), Self::Whole)
    }

    fn milli(self) -> Result<i64, PlanFileError> {
        // The shortest decimal that means the same: what stands in the file.
        let text = self.to_string();
        milli_of(&text).ok_or(PlanFileError::Limit(text))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Decimal(decimal) => write!(f, "{decimal}"),
        }
    }
}

/// One item of a checkpoint's checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckEntry {
    item: String,
    ask: String,
    #[serde(default)]
    kind: CheckKind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Limit>,
}

impl CheckEntry {
    pub(super) fn of((item, check): (&String, &Check)) -> Self {
        Self {
            item: item.clone(),
            ask: check.ask.clone(),
            kind: check.kind,
            unit: check.unit.clone(),
            min: check.min_milli.map(Limit::of),
            max: check.max_milli.map(Limit::of),
        }
    }

    /// The item's name and what is asked.
    pub(super) fn read(&self) -> Result<(String, Check), PlanFileError> {
        if !is_item(&self.item) {
            return Err(PlanFileError::Item(self.item.clone()));
        }
        let check = Check {
            ask: self.ask.clone(),
            kind: self.kind,
            unit: self.unit.clone(),
            min_milli: self.min.map(Limit::milli).transpose()?,
            max_milli: self.max.map(Limit::milli).transpose()?,
        };
        Ok((self.item.clone(), check))
    }
}

impl fmt::Display for CheckEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.item, self.kind.word(), self.ask)?;
        if !self.unit.is_empty() {
            write!(f, ", in {}", self.unit)?;
        }
        for (word, limit) in [("at least", self.min), ("at most", self.max)] {
            if let Some(limit) = limit {
                write!(f, ", {word} {limit}")?;
            }
        }
        Ok(())
    }
}
