use rusqlite::{Connection, ToSql, params};

use super::super::projections::{FLAGS_OF_MANY_VESSELS, FLAGS_OF_ONE_VESSEL, VERDICT_COUNTS};
use super::*;

/// How SQLite goes about a statement, in its own words.
fn plan(conn: &Connection, sql: &str, params: &[&dyn ToSql]) -> String {
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.query_map(params, |row| row.get::<_, String>("detail")).unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_pages_with_many_rows_are_answered_from_an_index() {
    let on = OnTempDir::new();
    let writer = on.store.writer.enter().unwrap();
    let id = [0_u8; 16].as_slice();

    let counts = plan(&writer, VERDICT_COUNTS, params![None::<String>, 1, 31]);
    assert!(
        counts.contains(
            "SEARCH d USING COVERING INDEX due_patrol_by_day (vessel=? AND day>? AND day<?)"
        ),
        "{counts}"
    );
    assert!(!counts.contains("TEMP B-TREE"), "{counts}");

    let one = plan(&writer, FLAGS_OF_ONE_VESSEL, params![id, 0, id, 10]);
    assert!(
        one.contains("USING INDEX flag_by_vessel_and_age (vessel=? AND (at,id)<(?,?))"),
        "{one}"
    );
    assert!(!one.contains("TEMP B-TREE"), "{one}");

    let many = plan(&writer, FLAGS_OF_MANY_VESSELS, params![None::<String>, 0, id, id, 10]);
    assert!(many.contains("USING INDEX flag_by_age ((at,vessel,id)<(?,?,?))"), "{many}");
    assert!(!many.contains("TEMP B-TREE"), "{many}");
}

#[test]
fn what_is_held_is_answered_without_the_segments() {
    let on = OnTempDir::new();
    let writer = on.store.writer.enter().unwrap();
    let id = [0_u8; 16].as_slice();
    for sql in [
        "SELECT dev, from_seq, to_seq, prev, head FROM segment WHERE vessel = ?1
         ORDER BY dev, from_seq, head, to_seq",
        "SELECT dev, COUNT(*), SUM(size_bytes), MAX(received_at) FROM segment WHERE vessel = ?1
         GROUP BY dev ORDER BY dev",
    ] {
        let plan = plan(&writer, sql, params![id]);
        assert_eq!(plan, "SEARCH segment USING COVERING INDEX segment_by_place (vessel=?)");
    }
}
