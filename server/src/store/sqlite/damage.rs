use rusqlite::Connection;

use super::fault::store_error;
use crate::store::StoreError;

/// Reads the whole database and says what is wrong, up to ten complaints.
pub(super) fn find_damage(conn: &Connection) -> Result<Option<String>, StoreError> {
    let mut check = conn.prepare("PRAGMA integrity_check(10)").map_err(store_error)?;
    let complaints: Vec<String> =
        check.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(store_error)?;
    if complaints != ["ok"] {
        return Ok(Some(complaints.join("; ")));
    }
    let mut strays = conn.prepare("PRAGMA foreign_key_check").map_err(store_error)?;
    let stray = strays.exists([]).map_err(store_error)?;
    Ok(stray.then(|| "there are rows of a vessel that is not there".into()))
}
