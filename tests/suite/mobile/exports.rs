//! The rules for what is exported to phones, read from the sources.

use std::{fs, path::Path};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What Kotlin, Swift and the languages after them do not all have.
const TOO_NARROW: &[&str] = &["u16", "i16", "i8", "usize", "isize", "u128", "i128", "char"];

/// What is wrong with one file of the facade.
fn faults_in(path: &str, text: &str) -> Vec<String> {
    let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut faults = Vec::new();
    items(path, stream, &mut faults);
    faults
}

/// Goes through the items of a module and looks at those that UniFFI exports.
fn items(path: &str, stream: TokenStream, faults: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut exported = false;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let attribute = group.stream().to_string().replace(' ', "");
                exported |= attribute.starts_with("uniffi::export");
                exported |= attribute.starts_with("derive(") && attribute.contains("uniffi::");
                start = at + 1;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let head = &tokens[start..at];
                let name = head.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                if exported {
                    item(path, &name, head, group.stream(), faults);
                } else if head.iter().any(|word| word.to_string() == "mod") {
                    items(path, group.stream(), faults);
                }
                (exported, start) = (false, at + 1);
            }
            TokenTree::Punct(end) if end.as_char() == ';' => {
                (exported, start) = (false, at + 1);
            }
            _ => {}
        }
    }
}

fn item(path: &str, name: &str, head: &[TokenTree], body: TokenStream, faults: &mut Vec<String>) {
    let is = |word: &str| head.iter().any(|token| token.to_string() == word);
    if is("impl") || is("trait") {
        signatures(path, body, faults);
    } else if is("fn") {
        signature(path, name, head, faults);
    } else {
        narrow(path, name, &body.into_iter().collect::<Vec<_>>(), faults);
    }
}

/// Every function of an `impl` or a `trait`: what stands before its body or its semicolon.
fn signatures(path: &str, body: TokenStream, faults: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    for head in tokens.split(is_end) {
        if head.iter().any(|token| token.to_string() == "fn") {
            let name = head.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            signature(path, &name, head, faults);
        }
    }
}

fn signature(path: &str, name: &str, head: &[TokenTree], faults: &mut Vec<String>) {
    let arrow =
        head.windows(2).position(|two| two[0].to_string() == "-" && two[1].to_string() == ">");
    let returns_result = arrow
        .and_then(|at| head.get(at + 2))
        .is_some_and(|returned| returned.to_string() == "Result");
    if !returns_result {
        faults.push(format!(
            "{path}: `{name}`: a panic in it would end a Swift app: return a Result"
        ));
    }
    if head.iter().any(|token| token.to_string() == "async") {
        faults.push(format!("{path}: `{name}`: the API is synchronous"));
    }
    narrow(path, name, head, faults);
}

fn narrow(path: &str, name: &str, tokens: &[TokenTree], faults: &mut Vec<String>) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                narrow(path, name, &group.stream().into_iter().collect::<Vec<_>>(), faults);
            }
            TokenTree::Ident(ident) => {
                let ident = ident.to_string();
                let in_vec = at >= 2 && tokens[at - 2].to_string() == "Vec";
                if TOO_NARROW.contains(&ident.as_str()) || (ident == "u8" && !in_vec) {
                    faults.push(format!("{path}: `{name}`: {ident}: take u32, i64 or Vec<u8>"));
                }
            }
            _ => {}
        }
    }
}

#[test]
fn exports_keep_the_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mobile-bindings/src");
    let mut folders = vec![folder];
    let mut seen = 0;
    let mut faults = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                seen += text.matches("#[uniffi::export").count();
                faults.extend(faults_in(&path.display().to_string(), &text));
            }
        }
    }
    assert!(seen > 0, "nothing is exported");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn planted_faults_are_found() {
    for text in [
        "#[uniffi::export] pub fn version() -> Version { Version {} }",
        "#[uniffi::export] pub fn version() { }",
        "#[uniffi::export] pub fn set(level: u8) -> Result<(), MobileError> { Ok(()) }",
        "#[uniffi::export] impl Log { pub fn a(&self) -> Result<A, E> { x } pub fn count(&self) -> u64 { 1 } }",
        "#[uniffi::export(rust, foreign)] pub trait Key: Send { fn public(&self) -> Vec<u8>; }",
        "#[uniffi::export] pub async fn version() -> Result<Version, E> { x }",
        "#[derive(Debug, uniffi::Record)] pub struct Scan { pub level: u16 }",
        "mod deep { #[derive(uniffi::Enum)] pub enum E { A { level: Option<i8> } } }",
    ] {
        assert_eq!(faults_in("x.rs", text).len(), 1, "{text}: {:?}", faults_in("x.rs", text));
    }
}

#[test]
fn what_is_right_is_not_found() {
    for text in [
        "#[uniffi::export] pub fn f(data: Vec<u8>) -> Result<Vec<u8>, E> { let a: u8 = 1; a }",
        "#[uniffi::export] impl Log { #[uniffi::constructor] pub fn open() -> Result<Arc<Self>, E> { x } }",
        "#[uniffi::export] pub trait Key { fn sign(&self, data: Vec<u8>) -> Result<Vec<u8>, E>; }",
        "fn narrow(level: u8) -> u16 { 1 }",
        "struct Inner { level: u8 }",
    ] {
        assert_eq!(faults_in("x.rs", text), [""; 0], "{text}");
    }
}
