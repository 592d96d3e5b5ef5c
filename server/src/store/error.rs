use deckwatch_core::model::VesselId;

/// What a backend reported, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a transaction did not happen, or a single call in it was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, or the size set for the database, is used up.
    #[error("no space left for the database")]
    Full(#[source] Cause),
    /// Another writer, or too many readers, for longer than the patience set.
    #[error("the database is busy")]
    Busy,
    /// Rows belong to a vessel that was added before.
    #[error("vessel {0} is not in this database")]
    UnknownVessel(VesselId),
    /// A row of this name is there, and is not replaced.
    #[error("this {what} exists already")]
    Exists {
        /// The kind of row.
        what: &'static str,
    },
    /// Numbers are kept as signed 64 bits.
    #[error("{what} {value} is larger than the largest number kept")]
    OutOfRange {
        /// The field.
        what: &'static str,
        /// What was given.
        value: u64,
    },
    /// A field is longer than its limit.
    #[error("{what} is too large: {size}, at most {limit}")]
    TooLarge {
        /// The field.
        what: &'static str,
        /// What was given, in bytes or days.
        size: u64,
        /// What is allowed.
        limit: u64,
    },
    /// A row contradicts itself or its table.
    #[error("{what} refused: {why}")]
    Refused {
        /// The kind of row.
        what: &'static str,
        /// The rule it breaks.
        why: &'static str,
    },
    /// A stored row does not have the form that this program wrote.
    #[error("a stored {what} cannot be read")]
    Unreadable {
        /// The table and column.
        what: &'static str,
    },
    /// The database found itself damaged.
    #[error("the database is damaged")]
    Damaged(#[source] Cause),
    /// A write was started by the thread that is inside a write, and would wait for itself.
    #[error("a write was started within a write")]
    Nested,
    /// The work went on after a failure and asked for a commit all the same.
    #[error("the transaction failed earlier and was not committed")]
    Spoiled,
    /// The work gave up for a reason of its own.
    #[error("the transaction was given up by its caller")]
    Abandoned,
    /// Anything else.
    #[error("the database failed")]
    Failed(#[source] Cause),
}

impl StoreError {
    /// Says what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Full(_) => {
                "free disk space or raise the size set for the database, then repeat: nothing of this transaction was \
                 kept, everything before it is intact"
            }
            Self::Busy => {
                "repeat in a few seconds; if it lasts, look for a second program that has the database open"
            }
            Self::UnknownVessel(_) => {
                "add the vessel first, or check the vessel id in the enrolment"
            }
            Self::Exists { .. } => "change the existing one, or choose another id",
            Self::OutOfRange { .. } | Self::TooLarge { .. } | Self::Refused { .. } => {
                "refuse what was received and name the sender; repeating it cannot succeed"
            }
            Self::Unreadable { .. } | Self::Damaged(_) => {
                "stop the server, keep a copy of the file, ask `sqlite3 deckwatch.db 'PRAGMA integrity_check'`, and restore \
                 the newest backup if it confirms the damage"
            }
            Self::Nested | Self::Spoiled => {
                "this is an error in the program: report it with the log"
            }
            Self::Abandoned => "see the error of the caller",
            Self::Failed(_) => {
                "see the cause in the log; if it names the file, ask `sqlite3 deckwatch.db 'PRAGMA integrity_check'`"
            }
        }
    }

    /// Whether one call was refused before it touched anything, so that its transaction may go on.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::UnknownVessel(_)
                | Self::Exists { .. }
                | Self::OutOfRange { .. }
                | Self::TooLarge { .. }
                | Self::Refused { .. }
        )
    }
}
