use rusqlite::ErrorCode;

use crate::store::StoreError;

/// What a caller can act on; the rest goes to the log as it is.
pub(super) fn store_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(error.into()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged(error.into())
        }
        _ => StoreError::Failed(error.into()),
    }
}
