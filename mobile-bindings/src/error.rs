//! What can go wrong, as an app sees it, and how the core's errors become it.

use deckwatch_core::{
    document::WriteError,
    login::PinError,
    page::{DraftError, PageWriteError},
    phone::{
        AnswerError, BadgeLogInError, BindError, CertifyError, FingerError, JoinError, LogInError,
        OpenError, PageError, RecordError, RequestError, ResponseError, SeeError, SetPinError,
        VouchError,
    },
    presence::{label::LabelError, reading::ReadError},
    record::{EnrolmentError, KeyError, VouchTextError},
    store::{AsideError, SafeError, SealError, StoreError},
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
    /// Nobody is logged in by this: the PIN, the badge or the finger's key is not that person's. Which of
    /// number and PIN is wrong, is not said.
    #[error("{text}")]
    LogInRefused {
        /// For people.
        text: String,
    },
    /// Too many wrong PINs: the next try has to wait. Recording does not.
    #[error("{text}")]
    LogInWait {
        /// Seconds from now.
        seconds: u64,
        /// For people.
        text: String,
    },
    /// Far too many wrong PINs: a new one is set while an officer stands by.
    #[error("{text}")]
    LogInStopped {
        /// For people.
        text: String,
    },
    /// This roster number has a PIN on this phone.
    #[error("{text}")]
    PinAlreadySet {
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
    /// The store is whole, and its key is lost: the key store was emptied, or this is another phone. `set_store_aside`, and then begin
    /// anew.
    #[error("{text}")]
    StorageKeyLost {
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
            StoreError::Seal(SealError::KeyLost(_) | SealError::WrongKey) => {
                Self::StorageKeyLost { text }
            }
            StoreError::NotAStore | StoreError::Damaged(_) | StoreError::Seal(_) => {
                Self::StorageDamaged { text }
            }
            StoreError::Key(_) => Self::KeyUnavailable { text },
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

impl From<AsideError> for MobileError {
    fn from(error: AsideError) -> Self {
        match error {
            AsideError::Store(error) => error.into(),
            AsideError::Key(error) => error.into(),
            AsideError::NotLost | AsideError::NotSealed => Self::input("path", error.to_string()),
            _ => Self::StorageFailed { text: error.to_string() },
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

impl From<SeeError> for MobileError {
    fn from(error: SeeError) -> Self {
        let text = error.to_string();
        match error {
            SeeError::Code(_) | SeeError::Itself => Self::input("code", text),
            SeeError::OtherVessel => Self::OtherVessel { text },
            SeeError::Record(error) => error.into(),
            _ => Self::internal("see-error"),
        }
    }
}

impl From<PinError> for MobileError {
    fn from(error: PinError) -> Self {
        let text = error.to_string();
        match error {
            PinError::Memory => Self::KeyUnavailable { text },
            _ => Self::input("pin", text),
        }
    }
}

impl From<LogInError> for MobileError {
    fn from(error: LogInError) -> Self {
        let text = error.to_string();
        match error {
            LogInError::Nobody => Self::input("crew", text),
            LogInError::Pin(error) => error.into(),
            LogInError::Wrong { .. } => Self::LogInRefused { text },
            LogInError::Wait { seconds } => Self::LogInWait { seconds, text },
            LogInError::Stopped => Self::LogInStopped { text },
            LogInError::Record(error) => error.into(),
            _ => Self::internal("log-in-error"),
        }
    }
}

impl From<SetPinError> for MobileError {
    fn from(error: SetPinError) -> Self {
        let text = error.to_string();
        match error {
            SetPinError::Nobody => Self::input("crew", text),
            SetPinError::Pin(error) => error.into(),
            SetPinError::AlreadySet => Self::PinAlreadySet { text },
            SetPinError::NotOfficer => Self::NotAllowed { text },
            SetPinError::Old(error) => error.into(),
            SetPinError::Record(error) => error.into(),
            _ => Self::internal("set-pin-error"),
        }
    }
}

impl From<BindError> for MobileError {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Badge(_) => Self::input("uid", error.to_string()),
            BindError::Key(error) => error.into(),
            BindError::Pin(error) => error.into(),
            BindError::Record(error) => error.into(),
            _ => Self::internal("bind-error"),
        }
    }
}

impl From<BadgeLogInError> for MobileError {
    fn from(error: BadgeLogInError) -> Self {
        let text = error.to_string();
        match error {
            BadgeLogInError::Unknown => Self::LogInRefused { text },
            BadgeLogInError::Badge(_) => Self::input("uid", text),
            BadgeLogInError::LogIn(error) => error.into(),
            _ => Self::internal("badge-error"),
        }
    }
}

impl From<FingerError> for MobileError {
    fn from(error: FingerError) -> Self {
        let text = error.to_string();
        match error {
            FingerError::NoKey => Self::KeyUnavailable { text },
            FingerError::Late | FingerError::OtherKey => Self::LogInRefused { text },
            FingerError::LogIn(error) => error.into(),
            _ => Self::internal("finger-error"),
        }
    }
}

impl From<VouchError> for MobileError {
    fn from(error: VouchError) -> Self {
        let text = error.to_string();
        match error {
            VouchError::Nobody => Self::input("crew", text),
            VouchError::Text(_) | VouchError::OtherRequest | VouchError::NoOfficer => {
                Self::input("code", text)
            }
            VouchError::OtherVessel => Self::OtherVessel { text },
            VouchError::NotOfficer => Self::NotAllowed { text },
            VouchError::Record(error) => error.into(),
            _ => Self::internal("vouch-error"),
        }
    }
}

impl From<VouchTextError> for MobileError {
    fn from(error: VouchTextError) -> Self {
        Self::input("code", error.to_string())
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
