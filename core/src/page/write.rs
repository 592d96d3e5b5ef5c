//! One action of a person on a Page as one change: the rules that phones and the shore keep alike.

use super::{
    content::PageContent,
    draft::{Draft, DraftError},
    keys,
};
use crate::{
    authority::Roles,
    document::{DocumentKind, Merged, RawChange, Value, WriteError, write, write::actor_of},
    model::{DeviceId, PageSubject, VesselId, page_id},
};

/// Why nothing was written on a Page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageWriteError {
    /// The draft.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// It was reviewed and closed.
    #[error("this page was reviewed and closed; write on the page of the day")]
    Closed,
    /// This device has written as much as one may.
    #[error("this phone has written too much on this page; write on the page of the day")]
    Full,
    /// For others.
    #[error("this phone may not write that; the ship security officer's phone can")]
    NotAllowed,
    /// What was to be taken back is not there.
    #[error("there is nothing to take back; look at the page again")]
    Nothing,
    /// The document.
    #[error(transparent)]
    Document(#[from] WriteError),
}

/// Who writes, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand {
    /// The device.
    pub dev: DeviceId,
    /// The run of its program: all that it wrote there is on the main line.
    pub run: [u8; 8],
    /// What the device may do.
    pub roles: Roles,
    /// Unix seconds, by its own clock.
    pub now: i64,
}

/// Puts `draft` into one change on top of everything in `merged`. `id` names a new writing.
///
/// The change says what the Page is about as long as nothing on it says so truly. It fits into what one
/// device may write into a Page: nobody would take more, and the words would be lost.
pub fn change_of(
    (vessel, subject): (VesselId, PageSubject),
    merged: &Merged,
    (draft, id): (&Draft, [u8; 8]),
    hand: Hand,
) -> Result<RawChange, PageWriteError> {
    let mut entries = draft.entries(id)?;
    let may = |(key, _): &(String, _)| match keys::split(key) {
        Some((.., rule)) => rule.by.allows(hand.roles),
        None => keys::By::Reviewer.allows(hand.roles),
    };
    if !entries.iter().all(may) {
        return Err(PageWriteError::NotAllowed);
    }
    let content = PageContent::read(vessel, page_id(vessel, subject), merged);
    if content.closed.is_some() && !keys::By::Reviewer.allows(hand.roles) {
        return Err(PageWriteError::Closed);
    }
    // Whether this page says truly what it is about is no reason to write: taking back nothing stays nothing.
    let about = Value::Text(keys::about(subject));
    let mut line = merged.main().clone();
    let says = |(key, value): &(String, Option<Value>)| value.is_some() || content.shows(key);
    if !entries.iter().any(says) {
        return Err(PageWriteError::Nothing);
    }
    if content.about != Some(subject) {
        entries.push((keys::ABOUT.to_owned(), Some(about)));
    }
    let named = entries.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
    let made = write(&mut line, actor_of(hand.dev, hand.run), hand.now, named)?;
    let change = made.ok_or(PageWriteError::Nothing)?;
    if DocumentKind::Page.has_room(&line, hand.dev) {
        Ok(change)
    } else {
        Err(PageWriteError::Full)
    }
}
