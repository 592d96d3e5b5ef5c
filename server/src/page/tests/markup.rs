//! A reader of the HTML that the templates write: strict where browsers forgive.

/// Elements without an end tag, of those the templates use.
const VOID: [&str; 4] = ["meta", "link", "br", "input"];

/// One element with what stands in it; a run of text is an element `#text`.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// Reads a page; panics where it is not well formed.
    pub fn read(html: &str) -> Self {
        let mut open = vec![Self { name: "page".to_owned(), ..Self::default() }];
        let mut rest = html.strip_prefix("<!doctype html>").expect("a doctype");
        while let Some(start) = rest.find('<') {
            let text = &rest[..start];
            if !text.trim().is_empty() {
                let node =
                    Self { name: "#text".to_owned(), text: text.to_owned(), ..Self::default() };
                open.last_mut().unwrap().children.push(node);
            }
            rest = &rest[start + 1..];
            let end = tag_end(rest);
            let (tag, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                let done = open.pop().unwrap();
                assert_eq!(done.name, name, "an end tag that ends something else");
                open.last_mut().unwrap().children.push(done);
                continue;
            }
            let empty = tag.ends_with('/');
            let element = Self::from_tag(tag.trim_end_matches('/'));
            if empty || VOID.contains(&element.name.as_str()) {
                open.last_mut().unwrap().children.push(element);
            } else {
                open.push(element);
            }
        }
        assert_eq!(open.len(), 1, "left open: {:?}", open.last().map(|element| &element.name));
        assert_eq!(rest.trim(), "");
        open.pop().unwrap()
    }

    fn from_tag(tag: &str) -> Self {
        let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while !rest.trim_start().is_empty() {
            rest = rest.trim_start();
            let (key, after) = match rest.find(['=', ' ']) {
                Some(at) if rest[at..].starts_with('=') => rest.split_at(at),
                Some(at) => {
                    attributes.push((rest[..at].to_owned(), String::new()));
                    rest = &rest[at..];
                    continue;
                }
                None => {
                    attributes.push((rest.to_owned(), String::new()));
                    break;
                }
            };
            let value = after.strip_prefix("=\"").expect("a quoted value");
            let end = value.find('"').expect("an end of the value");
            attributes.push((key.to_owned(), value[..end].to_owned()));
            rest = &value[end + 1..];
        }
        Self { name: name.to_owned(), attributes, ..Self::default() }
    }

    /// The value of an attribute.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// This element and everything in it.
    pub fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(element) = all.get(next).copied() {
            all.extend(&element.children);
            next += 1;
        }
        all
    }

    /// Everything in it with this name.
    pub fn named(&self, name: &str) -> Vec<&Self> {
        self.all().into_iter().filter(|element| element.name == name).collect()
    }

    /// What a screen reader says of it: its text without what is hidden from it.
    pub fn spoken(&self) -> String {
        if self.get("aria-hidden") == Some("true") {
            return String::new();
        }
        let inner: Vec<String> = std::iter::once(self.text.clone())
            .chain(self.children.iter().map(Self::spoken))
            .collect();
        inner.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Where a tag ends, behind its quoted values.
fn tag_end(tag: &str) -> usize {
    let mut quoted = false;
    tag.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    })
    .expect("an end of the tag")
}
