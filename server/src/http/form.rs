//! Forms as browsers post them, read strictly.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::{Web, origin, reply};

/// 64 KiB at 16 kbit/s take half a minute.
const PATIENCE: Duration = Duration::from_secs(60);
const FORM: &str = "application/x-www-form-urlencoded";
/// Bytes of a form at most.
const MOST_BYTES: usize = 64 * 1024;
/// Fields of a form at most: a route form has one for each checkpoint.
const MOST_FIELDS: usize = 1_000;

/// Why a body is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum FormError {
    #[error("the form has more than 1,000 fields")]
    TooMany,
    #[error("the form is not encoded as browsers do it")]
    Encoding,
    #[error("the form has a field twice")]
    Twice,
}

/// The fields of a form that a page of this server sent, or why it was not taken. `open_again` says what to do.
pub(super) async fn posted(
    web: &Web,
    headers: &HeaderMap,
    body: Body,
    open_again: &'static str,
) -> Result<BTreeMap<String, String>, Response> {
    let refused = |status, what: &str, hint| reply::refused(web, headers, status, what, hint);
    if let Err(foreign) = origin::own(headers) {
        let hint =
            "Nothing was changed. Open the page on this server and send the form from there.";
        return Err(refused(StatusCode::FORBIDDEN, &foreign.to_string(), hint));
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.and_then(|media| media.split(';').next()).map(str::trim);
    if media != Some(FORM) || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This is no form", open_again));
    }
    let bytes = match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let what = "The form is larger than 64 KiB, or it broke off";
            return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, what, open_again));
        }
        Err(_) => {
            let what = "The form took longer than a minute to arrive";
            return Err(refused(StatusCode::REQUEST_TIMEOUT, what, open_again));
        }
    };
    match fields_of(&bytes) {
        Ok(fields) => Ok(fields),
        Err(error) => {
            let what = format!("This form cannot be read: {error}");
            Err(refused(StatusCode::BAD_REQUEST, &what, open_again))
        }
    }
}

/// Reads `application/x-www-form-urlencoded`: UTF-8, every name once.
fn fields_of(body: &[u8]) -> Result<BTreeMap<String, String>, FormError> {
    let mut fields = BTreeMap::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if fields.len() == MOST_FIELDS {
            return Err(FormError::TooMany);
        }
        let at = pair.iter().position(|byte| *byte == b'=').ok_or(FormError::Encoding)?;
        let (name, value) = pair.split_at(at);
        let value = value.strip_prefix(b"=").unwrap_or_default();
        let (name, value) = (decoded(name)?, decoded(value)?);
        if name.is_empty() {
            return Err(FormError::Encoding);
        }
        if fields.insert(name, value).is_some() {
            return Err(FormError::Twice);
        }
    }
    Ok(fields)
}

fn decoded(text: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    let digit = char::from(*rest.next()?).to_digit(16)?;
                    u8::try_from(digit).ok()
                };
                let (high, low) = (digit(), digit());
                high.zip(low).map(|(high, low)| high * 16 + low).ok_or(FormError::Encoding)?
            }
            0x21..=0x7e => *byte,
            _ => return Err(FormError::Encoding),
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or(FormError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_as_browsers_encode_them() {
        let fields =
            fields_of("name=Paint+locker&deck=&note=%C3%A9%20%26%3D%2B".as_bytes()).unwrap();
        let pairs: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("deck", ""), ("name", "Paint locker"), ("note", "é &=+")]);
        assert!(fields_of(b"").unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in
            ["a", "=b", "a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", "a=\u{e9}", "a=b c", "a=\n"]
        {
            assert_eq!(fields_of(wrong.as_bytes()), Err(FormError::Encoding), "{wrong:?}");
        }
        assert_eq!(fields_of(b"a=1&b=2&a=3"), Err(FormError::Twice));
        let many: Vec<String> = (0..=MOST_FIELDS).map(|n| format!("f{n}=")).collect();
        assert_eq!(fields_of(many.join("&").as_bytes()), Err(FormError::TooMany));
        assert_eq!(fields_of(many[1..].join("&").as_bytes()).unwrap().len(), MOST_FIELDS);
    }
}
