//! Where a panic ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::MobileError;

/// Runs the body of an exported call. A panic in it becomes [`MobileError::Internal`]: what it left
/// half done is dropped by whoever holds it (`Recorder`), and the store is as durable as before.
pub(crate) fn guard<T>(
    reference: &str,
    body: impl FnOnce() -> Result<T, MobileError>,
) -> Result<T, MobileError> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(MobileError::internal(reference)))
}
