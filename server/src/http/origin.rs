//! Where a request that changes something comes from. Nobody logs in yet, so another site that a reader has open
//! must not be able to post in their place.

use axum::http::{HeaderMap, HeaderName, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is not from a page of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Foreign {
    #[error("This was sent by a page of another site")]
    OtherSite,
    #[error("This does not say which page it was sent by")]
    Unknown,
}

/// Whether a request was sent by a page of this server.
///
/// Every browser since 2020 names the origin of a post, and most say how it stands to this server.
/// `Referrer-Policy: same-origin` keeps the origin from being told as `null`.
pub(super) fn own(headers: &HeaderMap) -> Result<(), Foreign> {
    let mut all = headers.get_all(header::ORIGIN).iter().chain(headers.get_all(FETCH_SITE).iter());
    if all.any(|value| value.to_str().is_err()) {
        return Err(Foreign::OtherSite);
    }
    let one = |name: &HeaderName| -> Result<Option<&str>, Foreign> {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let first = values.next();
        if values.next().is_some() { Err(Foreign::OtherSite) } else { Ok(first) }
    };
    let (site, origin, host) = (one(&FETCH_SITE)?, one(&header::ORIGIN)?, one(&header::HOST)?);
    let same_host = |origin: &str| {
        let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        named.zip(host).is_some_and(|(named, host)| named.eq_ignore_ascii_case(host))
    };
    match (site, origin) {
        (Some("same-origin"), None | Some("null")) => Ok(()),
        // `none` is a reader's own doing, such as loading the page again.
        (Some("same-origin" | "none") | None, Some(origin)) if same_host(origin) => Ok(()),
        (None, None) => Err(Foreign::Unknown),
        _ => Err(Foreign::OtherSite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &'static str)]) -> Result<(), Foreign> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        own(&headers)
    }

    #[test]
    fn own_pages_may_post() {
        let host = ("host", "127.0.0.1:8080");
        for headers in [
            &[host, ("origin", "http://127.0.0.1:8080")][..],
            &[host, ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")],
            &[host, ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "none")],
            &[host, ("sec-fetch-site", "same-origin")],
            &[("host", "Shore.example"), ("origin", "https://shore.example")],
        ] {
            assert_eq!(asked(headers), Ok(()), "{headers:?}");
        }
    }

    #[test]
    fn nobody_else_may() {
        let host = ("host", "127.0.0.1:8080");
        let own = ("origin", "http://127.0.0.1:8080");
        for headers in [
            &[host, ("origin", "http://evil.example")][..],
            &[host, ("origin", "http://127.0.0.1:8081")],
            &[host, ("origin", "http://127.0.0.1:8080.evil.example")],
            &[host, ("origin", "127.0.0.1:8080")],
            &[host, ("origin", "null")],
            &[host, own, ("sec-fetch-site", "cross-site")],
            &[host, own, ("sec-fetch-site", "same-site")],
            &[host, ("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
            &[host, own, ("origin", "http://evil.example")],
            &[own],
        ] {
            assert_eq!(asked(headers), Err(Foreign::OtherSite), "{headers:?}");
        }
        assert_eq!(asked(&[host]), Err(Foreign::Unknown));
    }
}
