//! Text of unknown script on a label of known size, without a font at hand.
//!
//! Widths are estimates after a wide common face (DejaVu Sans), so that a narrower one leaves room
//! and none runs over. Breaking is by spaces, then between letters.

/// Characters of a name that are looked at; the longest lines of a label hold about 120.
const NAME_MAX: usize = 200;

/// A font size in millimetres, and how many lines of it there is room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) font: f64,
    pub(super) lines: usize,
}

/// How wide letters run, as a multiple of the estimate for a regular face.
#[derive(Debug, Clone, Copy)]
pub(super) enum Face {
    Regular,
    Bold,
}

/// Text that has been laid out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    pub(super) font: f64,
    pub(super) lines: Vec<String>,
}

/// One line of printable text: no control characters, none that turn the direction of what follows,
/// none that XML forbids; runs of white space are one space.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(NAME_MAX) {
        let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let forbidden = matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}');
        if !(turns || forbidden || c == ' ' && (out.is_empty() || out.ends_with(' '))) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether the first letter with a direction runs from right to left.
pub(super) fn right_to_left(text: &str) -> bool {
    text.chars().find(|c| c.is_alphabetic()).is_some_and(
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'),
    )
}

/// The first of `sizes` that holds all of `text` without cutting a word; else the first that holds all
/// of it; else the last one, with an ellipsis.
pub(super) fn fit(text: &str, width: f64, face: Face, sizes: &[Size]) -> Lines {
    let text = printable(text);
    let mut holds_all = None;
    let mut last = Lines { font: 0.0, lines: Vec::new() };
    for &Size { font, lines: limit } in sizes {
        let room = width / font;
        let Wrapped { mut lines, cuts_a_word } = wrap(&text, room, face);
        if lines.len() <= limit {
            let whole = Lines { font, lines };
            if !cuts_a_word {
                return whole;
            }
            holds_all.get_or_insert(whole);
            continue;
        }
        lines.truncate(limit);
        if let Some(line) = lines.last_mut() {
            shorten(line, room, face);
        }
        last = Lines { font, lines };
    }
    holds_all.unwrap_or(last)
}

struct Wrapped {
    lines: Vec<String>,
    /// Between two letters of a script that has spaces between its words.
    cuts_a_word: bool,
}

/// Lines of at most `room` ems.
fn wrap(text: &str, room: f64, face: Face) -> Wrapped {
    let mut lines: Vec<String> = Vec::new();
    let mut cuts_a_word = false;
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if ems(&joined, face) <= room {
            line = joined;
            continue;
        }
        lines.extend(Some(std::mem::take(&mut line)).filter(|line| !line.is_empty()));
        for letter in letters(word) {
            if !line.is_empty() && ems(&line, face) + ems(letter, face) > room {
                cuts_a_word |=
                    letter.chars().next().is_some_and(|c| c.is_alphabetic() && em(c) < WIDE);
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(letter);
        }
    }
    lines.extend(Some(line).filter(|line| !line.is_empty()));
    Wrapped { lines, cuts_a_word }
}

/// Takes letters off the end until an ellipsis has room.
fn shorten(line: &mut String, room: f64, face: Face) {
    while !line.is_empty() && ems(line, face) + ems("…", face) > room {
        let keep = letters(line).last().map_or(0, |letter| line.len() - letter.len());
        line.truncate(keep);
    }
    line.truncate(line.trim_end().len());
    line.push('…');
}

/// Cuts between what a reader takes for letters: marks and joined signs stay with the letter before.
fn letters(text: &str) -> Vec<&str> {
    let mut cuts = Vec::new();
    let mut before = '\0';
    let mut flags = 0_usize;
    for (at, c) in text.char_indices() {
        let flag = matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
        let second_of_flag = flag && flags % 2 == 1;
        flags = if flag { flags + 1 } else { 0 };
        if !(at == 0 || extends(c) || before == '\u{200d}' || second_of_flag) {
            cuts.push(at);
        }
        before = c;
    }
    let ends = cuts.iter().copied().chain([text.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    starts.zip(ends).filter_map(|(start, end)| text.get(start..end)).collect()
}

/// Marks, joiners and modifiers that take no room of their own. Coarse: what is not listed is only
/// ever cut where a single word is wider than a label.
fn extends(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{591}'..='\u{5bd}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{6d6}'..='\u{6dc}'
            | '\u{900}'..='\u{903}'
            | '\u{93a}'..='\u{93c}'
            | '\u{93e}'..='\u{94f}'
            | '\u{e31}'
            | '\u{e34}'..='\u{e3a}'
            | '\u{e47}'..='\u{e4e}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{200b}'..='\u{200d}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{3099}'..='\u{309a}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

/// Estimated width in multiples of the font size.
pub(super) fn ems(text: &str, face: Face) -> f64 {
    let regular: f64 = text.chars().map(em).sum();
    match face {
        Face::Regular => regular,
        Face::Bold => regular * 1.13,
    }
}

fn em(c: char) -> f64 {
    match c {
        c if extends(c) => 0.0,
        'i' | 'j' | 'l' | '\'' | '|' => 0.29,
        'f' | 't' | 'r' | 'I' | ' ' | '.' | ',' | ':' | ';' | '!' | '(' | ')' | '[' | ']' | '/'
        | '-' => 0.41,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' => 1.0,
        'a'..='z' | '0'..='9' => 0.63,
        'A'..='Z' => 0.76,
        '#' | '&' | '+' | '=' | '<' | '>' | '~' => 0.84,
        '\u{0}'..='\u{7f}' => 0.6,
        '\u{80}'..='\u{24f}' => 0.7,
        '\u{250}'..='\u{58f}' => 0.74,
        '\u{590}'..='\u{8ff}' => 0.7,
        '\u{900}'..='\u{10ff}' => 0.9,
        '\u{2010}'..='\u{203a}' => 0.6,
        '\u{1f000}'..='\u{1faff}' => 1.4,
        _ => WIDE,
    }
}

/// Ideographs, kana and hangul fill a square; a line may break between any two of them.
const WIDE: f64 = 1.02;

/// For text and attributes of XML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZES: [Size; 2] = [Size { font: 5.0, lines: 2 }, Size { font: 4.0, lines: 3 }];

    #[test]
    fn short_names_are_large_and_long_ones_shrink_and_then_end_in_dots() {
        let short = fit("Bridge", 40.0, Face::Bold, &SIZES);
        assert_eq!((short.font, short.lines), (5.0, vec!["Bridge".to_owned()]));
        let longer = fit("Engine room, lower platform", 40.0, Face::Bold, &SIZES);
        assert_eq!(longer.font, 4.0);
        assert_eq!(longer.lines.join(" "), "Engine room, lower platform");
        let endless = fit(&"gangway ".repeat(40), 40.0, Face::Bold, &SIZES);
        assert_eq!(endless.lines.len(), 3);
        assert!(endless.lines[2].ends_with('…') && !endless.lines[1].ends_with('…'));
    }

    #[test]
    fn words_without_spaces_break_between_letters() {
        let lines = fit("機関室下部左舷非常口梯子第二区画入口", 20.0, Face::Bold, &SIZES).lines;
        assert!(lines.len() > 1);
        let marked = "e\u{301}".repeat(30);
        for line in fit(&marked, 20.0, Face::Regular, &SIZES).lines {
            assert!(line.starts_with('e') && !line.trim_end_matches('…').ends_with('e'), "{line}");
        }
        assert_eq!(letters("a👩\u{200d}🚒b🇳🇱🇩🇪"), ["a", "👩\u{200d}🚒", "b", "🇳🇱", "🇩🇪"]);
    }

    #[test]
    fn what_could_spoil_a_label_is_taken_out() {
        assert_eq!(printable("  Deck\u{0}\n\t 3 \u{202e}gnp.exe\u{ffff} "), "Deck 3 gnp.exe");
        assert_eq!(printable("\u{7}"), "");
        assert_eq!(escaped(r#"<a href="x">&'"#), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert!(right_to_left("3 غرفة المحركات") && !right_to_left("Deck غ"));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room(text in "\\PC{0,300}", width in 15.0..90.0_f64) {
            let laid = fit(&text, width, Face::Bold, &SIZES);
            prop_assert!(laid.lines.len() <= 3);
            for line in &laid.lines {
                let wide = ems(line, Face::Bold) * laid.font;
                prop_assert!(wide <= width + 1e-9 || letters(line).len() <= 2, "{} {}", wide, line);
            }
        }
    }
}
