//! Other people's ledgers, which ours must agree with: see `tests/agree.rs`.
