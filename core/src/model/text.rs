//! Texts that people type.

/// Characters that nobody types and that pages and stores do not show: controls but for the end of a
/// line and the tabulator, and those that turn the direction of what follows.
pub fn is_hidden(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (character.is_control() && !matches!(character, '\n' | '\t'))
}
