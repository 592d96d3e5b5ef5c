//! What stands around every page: head, navigation, palette, the time it speaks for.

use super::moment;
use super::words::counted;

/// The colours of a page. Night keeps a bridge dark: black ground, amber-red text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// Day, or night where the system prefers dark.
    #[default]
    Auto,
    /// Bright ground.
    Day,
    /// Dark ground, muted colours.
    Dusk,
    /// Black ground, amber-red text.
    Night,
}

impl Palette {
    /// All, in the order of the switch.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Day, Self::Dusk, Self::Night];

    /// The value of `?palette=`, of the cookie and of `data-palette`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Day => "day",
            Self::Dusk => "dusk",
            Self::Night => "night",
        }
    }

    /// Reads [`Palette::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|palette| palette.word() == word)
    }
}

/// Which entry of the navigation the reader is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// The fleet page.
    Fleet,
    /// The flags page.
    Flags,
    /// A page below one of them.
    Below,
}

/// What every page needs besides its own content.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The title of the page, without the product's name.
    pub title: String,
    /// The entry of the navigation.
    pub here: Here,
    /// The palette in use.
    pub palette: Palette,
    /// The instant the page speaks for, Unix seconds.
    pub as_of: i64,
    /// The query of this page without `palette`, so that a change of palette keeps it.
    pub query: Vec<(String, String)>,
    /// How many flags are open in what this reader may see.
    pub open_flags: u32,
    /// Where the stylesheet is.
    pub stylesheet: String,
    /// Where the icon is.
    pub icon: String,
}

impl Shell {
    /// The shell of a page with the assets where this server serves them.
    pub fn new(title: &str, here: Here, palette: Palette, as_of: i64) -> Self {
        Self {
            title: title.to_owned(),
            here,
            palette,
            as_of,
            query: Vec::new(),
            open_flags: 0,
            stylesheet: super::stylesheet_href(),
            icon: super::ICON_PATH.to_owned(),
        }
    }

    /// "21 Nov 2026 19:02 UTC".
    pub fn as_of_words(&self) -> String {
        moment::utc_long(self.as_of)
    }

    /// The same as a `datetime` attribute.
    pub fn as_of_iso(&self) -> Option<String> {
        moment::Moment { utc: self.as_of, offset_minutes: 0 }.iso()
    }

    /// "3 open flags".
    pub fn flags_words(&self) -> String {
        counted(self.open_flags, "open flag", "open flags")
    }

    /// The switch: each palette with its link, and whether it is the one in use.
    pub fn palettes(&self) -> [(&'static str, String, bool); 4] {
        Palette::ALL.map(|each| (each.word(), self.palette_href(each), each == self.palette))
    }

    /// This page in another palette: a query alone, so that the path stays.
    fn palette_href(&self, palette: Palette) -> String {
        let mut href = "?".to_owned();
        for (name, value) in &self.query {
            href.push_str(&format!("{}={}&", percent_encoded(name), percent_encoded(value)));
        }
        href.push_str("palette=");
        href.push_str(palette.word());
        href
    }
}

/// Encodes everything but RFC 3986's unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_palette_keeps_the_query() {
        let mut shell = Shell::new("Flags", Here::Flags, Palette::Auto, 0);
        assert_eq!(shell.palette_href(Palette::Night), "?palette=night");
        shell.query.push(("vessel".to_owned(), "a&b ü".to_owned()));
        assert_eq!(shell.palette_href(Palette::Day), "?vessel=a%26b%20%C3%BC&palette=day");
    }

    #[test]
    fn palettes_read_back() {
        for palette in Palette::ALL {
            assert_eq!(Palette::from_word(palette.word()), Some(palette));
        }
        assert_eq!(Palette::from_word("sepia"), None);
    }
}
