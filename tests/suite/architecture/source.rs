//! Reads what a Rust file names: paths, string literals and modules, without its tests.
//!
//! Works on tokens, so that comments and strings cannot be taken for code, and so that paths
//! inside macro calls count, which a syntax tree would hide.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as written, with the groups of a `use` expanded: `a::{b, c::D}` is two paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathUse {
    /// As written: `crate`, `super` and `self` are not resolved.
    pub segments: Vec<String>,
    /// The modules of this file that it stands in.
    pub inside: Vec<String>,
    /// From 1.
    pub line: usize,
}

/// What a file names outside its tests.
#[derive(Debug, Default)]
pub struct Source {
    /// Every path and every single word.
    pub paths: Vec<PathUse>,
    /// The string literals, with their lines.
    pub texts: Vec<(String, usize)>,
    /// The modules declared or written here.
    pub modules: Vec<String>,
    /// The modules declared here for tests, each in a file of its own.
    pub test_modules: Vec<String>,
}

impl Source {
    /// Reads a file. `#[cfg(test)]` items and `#[test]` functions are left out, and so is
    /// documentation.
    pub fn read(text: &str) -> Result<Self, String> {
        let stream = text.parse::<TokenStream>().map_err(|error| error.to_string())?;
        let mut source = Self::default();
        source.walk(stream, &[]);
        Ok(source)
    }

    fn walk(&mut self, stream: TokenStream, inside: &[String]) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    self.attribute(&tokens, at, inside)
                }
                TokenTree::Ident(ident) if ident == "mod" => self.module(&tokens, at, inside),
                TokenTree::Ident(_) => self.path(&tokens, at, &[], inside),
                TokenTree::Group(group) => {
                    self.walk(group.stream(), inside);
                    at + 1
                }
                TokenTree::Literal(literal) => {
                    if let Some(text) = text_of(&literal.to_string()) {
                        self.texts.push((text, literal.span().start().line));
                    }
                    at + 1
                }
                TokenTree::Punct(_) => at + 1,
            };
        }
    }

    /// Reads an attribute; skips the item after one that marks a test.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize, inside: &[String]) -> usize {
        let inner = is_punct(tokens.get(at + 1), '!');
        let body = at + 1 + usize::from(inner);
        let Some(TokenTree::Group(group)) = tokens.get(body) else {
            return at + 1;
        };
        let written = group.stream().to_string().replace(' ', "");
        let marks_test = written == "test" || written == "cfg(test)";
        if marks_test && inner {
            return tokens.len();
        }
        if marks_test {
            let end = after_item(tokens, body + 1);
            if let [.., TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(_)] =
                &tokens[..end]
                && word == "mod"
            {
                self.test_modules.push(name.to_string());
            }
            return end;
        }
        if !written.starts_with("doc=") {
            self.walk(group.stream(), inside);
        }
        body + 1
    }

    fn module(&mut self, tokens: &[TokenTree], at: usize, inside: &[String]) -> usize {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
            return at + 1;
        };
        self.modules.push(name.to_string());
        if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
            let mut deeper = inside.to_vec();
            deeper.push(name.to_string());
            self.walk(body.stream(), &deeper);
            return at + 3;
        }
        at + 2
    }

    /// Reads one path, expanding groups; says where to go on.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        before: &[String],
        inside: &[String],
    ) -> usize {
        let mut segments = before.to_vec();
        let line = tokens.get(at).map_or(0, |token| token.span().start().line);
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => segments.push(ident.to_string()),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                    segments.push("*".to_owned());
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.group(group.stream(), &segments, inside);
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            if !(is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')) {
                break;
            }
            at += 2;
        }
        self.paths.push(PathUse { segments, inside: inside.to_vec(), line });
        at
    }

    fn group(&mut self, stream: TokenStream, before: &[String], inside: &[String]) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for part in tokens.split(|token| is_punct(Some(token), ',')) {
            if !part.is_empty() {
                self.path(part, 0, before, inside);
            }
        }
    }
}

/// Where the item that begins here is over: after its braces, its semicolon, or its comma.
fn after_item(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punct(Some(other), ';') || is_punct(Some(other), ','),
    };
    tokens.iter().skip(from).position(is_end).map_or(tokens.len(), |distance| from + distance + 1)
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// The text of a string literal, with the escapes that are spaces as spaces.
fn text_of(literal: &str) -> Option<String> {
    let open = literal.find('"')?;
    if literal.get(..open)?.chars().any(|c| !matches!(c, 'b' | 'c' | 'r' | '#')) {
        return None;
    }
    let text = literal.get(open + 1..literal.rfind('"')?)?;
    Some(text.replace("\\n", " ").replace("\\t", " ").replace("\\\n", " "))
}

#[test]
fn paths_are_read_from_groups_macros_and_inner_modules() {
    let source = Source::read(
        "use crate::{a, b::{C, self}};\n fn f() { m!(crate::d::E); }\n mod x { use super::y::*; }",
    )
    .unwrap();
    let written: Vec<String> = source
        .paths
        .iter()
        .filter(|path| path.segments.len() > 1)
        .map(|path| format!("{}@{}", path.segments.join("::"), path.line))
        .collect();
    assert_eq!(
        written,
        ["crate::a@1", "crate::b::C@1", "crate::b::self@1", "crate::d::E@2", "super::y::*@3"]
    );
    assert_eq!(source.paths.last().unwrap().inside, ["x"]);
    assert_eq!(source.modules, ["x"]);
}

#[test]
fn modules_for_tests_are_told_from_the_others() {
    let source =
        Source::read("mod a; #[cfg(test)] mod b; #[cfg(test)] mod c { mod d; } mod e;").unwrap();
    assert_eq!(source.modules, ["a", "e"]);
    assert_eq!(source.test_modules, ["b"]);
}

#[test]
fn comments_documentation_strings_and_tests_are_not_code() {
    let source = Source::read(
        "//! crate::a\n/// \"SELECT\" crate::b\nfn f() { g(\"crate::c\\nx\"); } // crate::d\n\
         #[cfg(test)] mod tests { use crate::e; }\n#[test] fn t() { crate::f(); }\n\
         struct S { #[cfg(test)] a: crate::g::G, b: crate::h::H }",
    )
    .unwrap();
    let crates: Vec<_> = source.paths.iter().filter(|path| path.segments[0] == "crate").collect();
    assert_eq!(crates.len(), 1, "{crates:?}");
    assert_eq!(crates[0].segments, ["crate", "h", "H"]);
    assert_eq!(source.texts, [("crate::c x".to_owned(), 3)]);
}
