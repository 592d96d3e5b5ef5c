//! What a browser does with the shore's pages: reads their forms and links, and sends what was filled in.

use std::{collections::BTreeMap, net::SocketAddr};

/// Names and values of a form.
pub type Fields = BTreeMap<String, String>;

/// What a form or a link answers.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Where it sends on to.
    pub location: String,
    /// The page.
    pub text: String,
}

impl Answer {
    fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let location = response.headers().get("location");
        Self {
            status: response.status().as_u16(),
            location: location.map_or("", |value| value.to_str().unwrap()).to_owned(),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into()
}

/// Opens a page, whatever its status.
pub fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = agent().get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.call().unwrap())
}

/// Sends a form with these headers beside its own.
pub fn post_form(
    address: SocketAddr,
    path: &str,
    fields: &Fields,
    headers: &[(&str, &str)],
) -> Answer {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let mut request = agent()
        .post(format!("http://{address}{path}"))
        .header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send(pairs.join("&")).unwrap())
}

/// The addresses of the links of a page that begin with these words.
pub fn links(page: &str, words: &str) -> Vec<String> {
    let links = page.split("<a href=\"").skip(1).filter_map(|rest| {
        let (href, rest) = rest.split_once('"')?;
        let (_, text) = rest.split_once('>')?;
        text.starts_with(words).then(|| href.replace("&#38;", "&"))
    });
    links.collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The first posted form of a page, or the one with this class, as a browser would send it.
pub fn form(page: &str, class: &str) -> Fields {
    let start = if class.is_empty() {
        "<form method=\"post\"".to_owned()
    } else {
        format!("<form class=\"{class}\" method=\"post\"")
    };
    let after = page.split_once(&start).unwrap_or_else(|| panic!("no form in {page}")).1;
    let body = after.split_once("</form>").unwrap().0;
    let mut fields = Fields::new();
    let mut select = String::new();
    for tag in body.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap();
        let value = |key: &str| {
            let value = tag.split_once(&format!(" {key}=\""))?.1.split_once('"')?.0;
            Some(plain(value))
        };
        match tag.split(' ').next().unwrap() {
            "input" => drop(fields.insert(value("name").unwrap(), value("value").unwrap())),
            "textarea" => drop(fields.insert(value("name").unwrap(), plain(text))),
            "select" => select = value("name").unwrap(),
            "option" if tag.ends_with(" selected") || !fields.contains_key(&select) => {
                fields.insert(select.clone(), value("value").unwrap());
            }
            _ => {}
        }
    }
    fields
}

/// What a browser reads from escaped text.
fn plain(text: &str) -> String {
    let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    marks.iter().fold(text.to_owned(), |text, (mark, plain)| text.replace(mark, plain))
}

/// Fills in a field that the form has.
pub fn set(fields: &mut Fields, name: &str, value: &str) {
    assert!(fields.insert(name.to_owned(), value.to_owned()).is_some(), "no field {name}");
}
