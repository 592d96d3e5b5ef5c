//! How far a vessel's data is complete, and which device holds it back.

use deckwatch_core::model::DeviceId;

use super::moment::Moment;
use super::words::ago;

/// The watermark of a vessel and its last contact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Freshness {
    /// The watermark, in ship time; `None` before the first record of every device has come.
    pub complete_to: Option<Moment>,
    /// When anything of this vessel last reached the shore, Unix seconds.
    pub last_contact: Option<i64>,
    /// The device whose chain ends earliest.
    pub held_back_by: Option<HeldBack>,
}

/// The device that holds the watermark back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// The device.
    pub device: DeviceId,
    /// When it was last heard, Unix seconds.
    pub last_heard: Option<i64>,
}

impl Freshness {
    /// "last contact 3 h ago", or that there was none.
    pub fn contact_words(&self, as_of: i64) -> String {
        match self.last_contact {
            Some(then) => format!("last contact {}", ago(as_of, then)),
            None => "no contact yet".to_owned(),
        }
    }
}

impl HeldBack {
    /// "last heard 2 d ago", or "never heard".
    pub fn heard_words(&self, as_of: i64) -> String {
        heard(as_of, self.last_heard)
    }

    /// The same for a narrow column: "heard 2 d ago".
    pub fn heard_briefly(&self, as_of: i64) -> String {
        match self.last_heard {
            Some(then) => format!("heard {}", ago(as_of, then)),
            None => "never heard".to_owned(),
        }
    }

    /// The device as people compare it.
    pub fn short(&self) -> String {
        short_device(self.device)
    }
}

/// "last heard 2 d ago", or "never heard".
pub fn heard(as_of: i64, last_heard: Option<i64>) -> String {
    match last_heard {
        Some(then) => format!("last heard {}", ago(as_of, then)),
        None => "never heard".to_owned(),
    }
}

/// The first 8 hex digits of a device id.
pub fn short_device(device: DeviceId) -> String {
    device.to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_and_who() {
        let held = HeldBack { device: DeviceId([0x3f; 8]), last_heard: Some(1_000) };
        assert_eq!(held.short(), "3f3f3f3f");
        assert_eq!(held.heard_words(1_000 + 3 * 86_400), "last heard 3 d ago");
        assert_eq!(heard(0, None), "never heard");
        let mut fresh = Freshness::default();
        assert_eq!(fresh.contact_words(5_000), "no contact yet");
        fresh.last_contact = Some(0);
        assert_eq!(fresh.contact_words(3 * 3_600), "last contact 3 h ago");
    }
}
