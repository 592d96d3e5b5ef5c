//! Small pieces of English: counts, lists, ages, and who it was.

use deckwatch_core::{assess::CrewMember, model::CrewNo};

/// Gives "1 patrol", "2 patrols", "1,204 patrols".
pub fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Gives the number with a comma before every three digits.
pub fn grouped(count: u32) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Gives "a", "a and b", "a, b and c".
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// Who took part, with what was checked of each: "crew 12 (I1, PIN), crew 14 (I0, nothing checked)"; "nobody" where nobody was logged in.
/// The grades are those of FORMAT.md section 3.
pub fn crew_words(crew: &[CrewMember]) -> String {
    let checked = |grade: u32| match grade {
        0 => "nothing checked",
        1 => "PIN",
        2 => "finger or face",
        _ => "badge and finger",
    };
    let name = |it: &CrewMember| format!("{} (I{}, {})", it.crew, it.grade, checked(it.grade));
    let names: Vec<String> = crew.iter().map(name).collect();
    if names.is_empty() { CrewNo::NOBODY.to_string() } else { names.join(", ") }
}

/// Gives how long ago something was: "just now", "5 min ago", "3 h ago", "2 d ago".
///
/// Rounds down. A time after `as_of` (a clock that runs ahead) reads "just now".
pub fn ago(as_of: i64, then: i64) -> String {
    match lasting(as_of.saturating_sub(then)) {
        Some(length) => format!("{length} ago"),
        None => "just now".to_owned(),
    }
}

/// Gives a length of time in its largest useful unit, or nothing below one minute.
///
/// Minutes to 90 min, hours to 48 h, then days: the next unit would hide more than a third.
pub fn lasting(seconds: i64) -> Option<String> {
    match seconds {
        ..60 => None,
        60..5_400 => Some(format!("{} min", seconds / 60)),
        5_400..172_800 => Some(format!("{} h", seconds / 3_600)),
        _ => Some(format!("{} d", seconds / 86_400)),
    }
}

/// Cuts a text to `most` characters, the last of them an ellipsis, for pictures where text cannot wrap.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        assert_eq!(counted(1, "patrol", "patrols"), "1 patrol");
        assert_eq!(counted(0, "patrol", "patrols"), "0 patrols");
        assert_eq!(counted(1_204, "patrol", "patrols"), "1,204 patrols");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(grouped(u32::MAX), "4,294,967,295");
    }

    #[test]
    fn lists() {
        let words =
            |list: &[&str]| listed(&list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&[]), "");
        assert_eq!(words(&["a"]), "a");
        assert_eq!(words(&["a", "b"]), "a and b");
        assert_eq!(words(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn ages() {
        let cases = [
            (-500, "just now"),
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (5_399, "89 min ago"),
            (5_400, "1 h ago"),
            (3 * 3_600 + 5, "3 h ago"),
            (172_799, "47 h ago"),
            (172_800, "2 d ago"),
            (40 * 86_400, "40 d ago"),
        ];
        for (age, words) in cases {
            assert_eq!(ago(1_000_000_000, 1_000_000_000 - age), words);
        }
        assert_eq!(ago(i64::MAX, i64::MIN), format!("{} d ago", i64::MAX / 86_400));
        assert_eq!(ago(i64::MIN, i64::MAX), "just now");
    }

    #[test]
    fn cuts_at_characters() {
        assert_eq!(shortened("Engine room", 11), "Engine room");
        assert_eq!(shortened("Engine room", 8), "Engine…");
        assert_eq!(shortened("ååååå", 3), "åå…");
        assert_eq!(shortened("abc", 0), "…");
    }
}
