//! What can go wrong, as an app sees it, and how the core's errors become it.

use deckwatch_core::{
    document::WriteError,
    page::{DraftError, PageWriteError},
    phone::{
        AnswerError, CertifyError, JoinError, OpenError, PageError, RecordError, RequestError,
        ResponseError,
    },
    presence::{label::LabelError, reading::ReadError},
    record::{EnrolmentError, KeyError},
    store::{SafeError, StoreError},
};

/// Why a call did not do what was asked.
///
/// An app branches on the variant and shows `text`, which says what happened and ends in what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum MobileError {
    /// The phone was shut down.
    #[error("{text}")]
    Closed {
        /// For people.
        text: String,
    },
    /// Called from inside a callback that is itself called by this library.
    #[error("{text}")]
    CalledBack {
        /// For people.
        text: String,
    },
    /// The caller cancelled it. Nothing was recorded; of a shore's answer, what had come in by then is
    /// kept.
    #[error("{text}")]
    Cancelled {
        /// For people.
        text: String,
    },
    /// This phone belongs to no ship yet.
    #[error("{text}")]
    NotEnrolled {
        /// For people.
        text: String,
    },
    /// This phone belongs to a ship already.
    #[error("{text}")]
    AlreadyEnrolled {
        /// For people.
        text: String,
    },
    /// This phone, or the one it was to certify, is certified already.
    #[error("{text}")]
    AlreadyCertified {
        /// For people.
        text: String,
    },
    /// This phone has certified as many phones as it may.
    #[error("{text}")]
    CertificateLimit {
        /// For people.
        text: String,
    },
    /// It belongs to another ship.
    #[error("{text}")]
    OtherVessel {
        /// For people.
        text: String,
    },
    /// No patrol is being walked.
    #[error("{text}")]
    NoPatrol {
        /// For people.
        text: String,
    },
    /// A patrol is being walked.
    #[error("{text}")]
    PatrolOpen {
        /// For people.
        text: String,
    },
    /// The Plan on this phone does not have it.
    #[error("{text}")]
    NotInPlan {
        /// For people.
        text: String,
    },
    /// The Page was reviewed and closed.
    #[error("{text}")]
    PageClosed {
        /// For people.
        text: String,
    },
    /// This phone has written as much on the Page as one phone may.
    #[error("{text}")]
    PageFull {
        /// For people.
        text: String,
    },
    /// A document does not take the change.
    #[error("{text}")]
    DocumentRefused {
        /// For people.
        text: String,
    },
    /// This phone's certificate does not allow it.
    #[error("{text}")]
    NotAllowed {
        /// For people.
        text: String,
    },
    /// No label came out of a camera frame. Nothing was recorded; the next frame may do better.
    #[error("{text}")]
    Unreadable {
        /// Why.
        reason: UnreadableReason,
        /// For people.
        text: String,
    },
    /// Something that was handed in cannot be used.
    #[error("{text}")]
    InvalidInput {
        /// Which argument.
        field: String,
        /// For people.
        text: String,
    },
    /// What the shore answered cannot be used. Nothing was changed.
    #[error("{text}")]
    ResponseRejected {
        /// For people.
        text: String,
    },
    /// The device key could not be used, or what it gave is no signature of it.
    #[error("{text}")]
    KeyUnavailable {
        /// For people.
        text: String,
    },
    /// The clock that the app gave could not be read.
    #[error("{text}")]
    ClockUnavailable {
        /// For people.
        text: String,
    },
    /// No space is left.
    #[error("{text}")]
    StorageFull {
        /// For people.
        text: String,
    },
    /// Somebody else has the store open.
    #[error("{text}")]
    StorageBusy {
        /// For people.
        text: String,
    },
    /// The file is no store, or it is damaged.
    #[error("{text}")]
    StorageDamaged {
        /// For people.
        text: String,
    },
    /// The store failed for another reason.
    #[error("{text}")]
    StorageFailed {
        /// For people.
        text: String,
    },
    /// The store was written by a newer app.
    #[error("{text}")]
    UpdateNeeded {
        /// For people.
        text: String,
    },
    /// Something inside the library does not fit together.
    #[error("{text}")]
    Internal {
        /// Names the place in the library; the same for every phone.
        reference: String,
        /// For people.
        text: String,
    },
}

/// Why a camera frame gave no label.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum UnreadableReason {
    /// No QR code could be read.
    NothingFound,
    /// A QR code, but no label.
    NotALabel,
    /// A label of a newer version than this library reads.
    NewerLabel {
        /// Its version.
        version: u32,
    },
    /// A label of which a part is missing or wrong.
    DamagedLabel,
    /// Two labels are in sight.
    TwoLabels,
    /// The bytes are no frame.
    BadFrame,
    /// The decoder failed on this frame.
    DecoderFailed,
    /// Something that this list does not have.
    Unknown {
        /// What the core calls it.
        name: String,
    },
}

impl MobileError {
    pub(crate) fn internal(reference: &str) -> Self {
        Self::Internal {
            reference: reference.to_owned(),
            text: format!(
                "something inside Deckwatch does not fit together ({reference}); go on recording, \
                 and send the diagnostic file to whoever looks after the phones"
            ),
        }
    }

    pub(crate) fn input(field: &str, text: impl Into<String>) -> Self {
        Self::InvalidInput { field: field.to_owned(), text: text.into() }
    }

    pub(crate) fn closed() -> Self {
        Self::Closed { text: "this phone was shut down; open it again".to_owned() }
    }

    pub(crate) fn cancelled() -> Self {
        Self::Cancelled { text: "cancelled, nothing was recorded; try again".to_owned() }
    }

    pub(crate) fn stopped() -> Self {
        Self::Cancelled { text: ResponseError::Stopped.to_string() }
    }

    pub(crate) fn called_back() -> Self {
        Self::CalledBack {
            text: "the library is in the middle of another call on this thread; call again when \
                   the callback has returned"
                .to_owned(),
        }
    }
}

impl From<StoreError> for MobileError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Full => Self::StorageFull { text },
            StoreError::Newer { .. } => Self::UpdateNeeded { text },
            StoreError::NotAStore | StoreError::Damaged(_) => Self::StorageDamaged { text },
            StoreError::Busy => Self::StorageBusy { text },
            StoreError::Range => Self::internal("store-range"),
            _ => Self::StorageFailed { text },
        }
    }
}

impl From<KeyError> for MobileError {
    fn from(error: KeyError) -> Self {
        let text = match error {
            KeyError::NotAKey => {
                "the device key is no P-256 key; restart the app, then enrol the phone again"
                    .to_owned()
            }
            other => other.to_string(),
        };
        Self::KeyUnavailable { text }
    }
}

impl From<RecordError> for MobileError {
    fn from(error: RecordError) -> Self {
        let text = error.to_string();
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Key(error) => error.into(),
            RecordError::Unsayable(_) => Self::input("content", text),
            RecordError::NotEnrolled => Self::NotEnrolled { text },
            RecordError::AlreadyEnrolled => Self::AlreadyEnrolled { text },
            RecordError::NoPatrol => Self::NoPatrol { text },
            RecordError::PatrolOpen => Self::PatrolOpen { text },
            RecordError::NotInPlan => Self::NotInPlan { text },
            RecordError::NotAllowed | RecordError::Revoked | RecordError::Ended => {
                Self::NotAllowed { text }
            }
            _ => Self::internal("record-error"),
        }
    }
}

impl From<OpenError> for MobileError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            OpenError::Key(error) => error.into(),
            OpenError::Record(error) => error.into(),
            OpenError::Enrolment(_) => Self::StorageDamaged { text: error.to_string() },
            _ => Self::internal("open-error"),
        }
    }
}

impl From<ResponseError> for MobileError {
    fn from(error: ResponseError) -> Self {
        match error {
            ResponseError::Sync(error) => Self::ResponseRejected {
                text: format!("the shore's answer cannot be used: {error}; sync again"),
            },
            ResponseError::Record(error) => error.into(),
            ResponseError::Stopped => Self::stopped(),
            _ => Self::internal("response-error"),
        }
    }
}

impl From<PageError> for MobileError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Page(error) => error.into(),
            PageError::Record(error) => error.into(),
            _ => Self::internal("page-error"),
        }
    }
}

impl From<PageWriteError> for MobileError {
    fn from(error: PageWriteError) -> Self {
        let text = error.to_string();
        match error {
            PageWriteError::Draft(DraftError::NoSuch(what)) => Self::input(what, text),
            PageWriteError::Draft(_)
            | PageWriteError::Nothing
            | PageWriteError::Document(WriteError::TooLarge(_)) => Self::input("text", text),
            PageWriteError::Closed => Self::PageClosed { text },
            PageWriteError::Full => Self::PageFull { text },
            PageWriteError::NotAllowed => Self::NotAllowed { text },
            PageWriteError::Document(_) => Self::DocumentRefused { text },
            _ => Self::internal("page-write-error"),
        }
    }
}

impl From<JoinError> for MobileError {
    fn from(error: JoinError) -> Self {
        let text = error.to_string();
        match error {
            JoinError::Code(_) | JoinError::Itself => Self::input("code", text),
            JoinError::OtherVessel => Self::OtherVessel { text },
            JoinError::NoSuchDue => Self::NotInPlan { text },
            JoinError::Record(error) => error.into(),
            _ => Self::internal("join-error"),
        }
    }
}

impl From<RequestError> for MobileError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Certified => Self::AlreadyCertified { text: error.to_string() },
            RequestError::Store(error) => error.into(),
            RequestError::Key(error) => error.into(),
            _ => Self::internal("request-error"),
        }
    }
}

impl From<CertifyError> for MobileError {
    fn from(error: CertifyError) -> Self {
        let text = error.to_string();
        match error {
            CertifyError::Request(_) | CertifyError::Itself => Self::input("request", text),
            CertifyError::OtherVessel => Self::OtherVessel { text },
            CertifyError::Certified(_) | CertifyError::OtherKey(_) => {
                Self::AlreadyCertified { text }
            }
            CertifyError::Limit => Self::CertificateLimit { text },
            CertifyError::Record(error) => error.into(),
            _ => Self::internal("certify-error"),
        }
    }
}

impl From<AnswerError> for MobileError {
    fn from(error: AnswerError) -> Self {
        let text = error.to_string();
        match error {
            AnswerError::Answer(_)
            | AnswerError::OtherRequest
            | AnswerError::Segment(_)
            | AnswerError::NoCertificate => Self::input("answer", text),
            AnswerError::OtherVessel => Self::OtherVessel { text },
            AnswerError::Record(error) => error.into(),
            _ => Self::internal("answer-error"),
        }
    }
}

impl From<EnrolmentError> for MobileError {
    fn from(error: EnrolmentError) -> Self {
        Self::input("text", error.to_string())
    }
}

impl From<SafeError> for MobileError {
    fn from(error: SafeError) -> Self {
        Self::KeyUnavailable { text: error.to_string() }
    }
}

impl From<ReadError> for MobileError {
    fn from(error: ReadError) -> Self {
        let text = format!("{error}; {}", error.hint());
        let reason = match error {
            ReadError::Stopped => return Self::cancelled(),
            ReadError::NothingFound => UnreadableReason::NothingFound,
            ReadError::NotALabel(LabelError::NewerVersion { version }) => {
                UnreadableReason::NewerLabel { version: version.into() }
            }
            ReadError::NotALabel(LabelError::Damaged { .. }) => UnreadableReason::DamagedLabel,
            ReadError::NotALabel(_) => UnreadableReason::NotALabel,
            ReadError::TwoLabels { .. } => UnreadableReason::TwoLabels,
            ReadError::BadFrame(_) => UnreadableReason::BadFrame,
            ReadError::DecoderFailed => UnreadableReason::DecoderFailed,
            other => UnreadableReason::Unknown { name: other.to_string() },
        };
        Self::Unreadable { reason, text }
    }
}
