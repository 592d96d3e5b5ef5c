//! Numbers of reasons and results that several rooms write or read: FORMAT.md section 4.

/// Why a reading failed.
pub mod scan_failed {
    /// It could not be read.
    pub const UNREADABLE: u64 = 1;
    /// Some other tag or code.
    pub const NOT_OURS: u64 = 2;
    /// The signed message of a tag, on another tag.
    pub const ANOTHER_TAGS_MESSAGE: u64 = 4;
}

/// Why parts of records were erased.
pub mod erase {
    /// Their time of retention has ended.
    pub const RETENTION: u64 = 1;
    /// Whom they are about asked for it.
    pub const ASKED: u64 = 2;
    /// Something else; the ledger says what.
    pub const OTHER: u64 = 3;
}

/// What came of a check.
pub mod tag_check {
    /// The tag or display with that key said so.
    pub const OK: u64 = 1;
    /// It did not.
    pub const BAD: u64 = 2;
    /// No such tag or display is registered.
    pub const UNREGISTERED: u64 = 3;
    /// It may have, but its key was shown to somebody before the check: it proves nothing.
    pub const DISCLOSED: u64 = 4;
}
