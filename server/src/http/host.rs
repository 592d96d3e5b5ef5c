//! Under which names this server is asked. A page of another site whose name is made to resolve to this address (DNS
//! rebinding) reads here what it likes: its browser takes both for one site. Only the name gives it away.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::{Web, reply};
use crate::page;

/// Letters of a name at most (RFC 1035).
const MOST_LETTERS: usize = 253;

/// Answered whatever the name: they say nothing of any vessel to whoever holds no key. Phones are certified by their
/// keys and use the name of their invitation; who watches the server uses any.
const FOR_ANYBODY: [&str; 4] = ["/healthz", "/v1/sync", page::STYLESHEET_PATH, page::ICON_PATH];

/// Sizes and hashes, which auditors and witnesses ask for under any name.
const LEDGER: &str = "/ledger/";

/// Why a text is no name of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a server; give it as it stands in the address, such as shore.example")]
pub struct NoHost(String);

/// The names of a server. Addresses and `localhost` are its own without being said: nobody else can make a browser
/// send them here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(BTreeSet<String>);

impl Hosts {
    /// These names, and addresses.
    pub fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Reads one name, without port or path.
    pub fn name(text: &str) -> Result<String, NoHost> {
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        if is_name(&name) { Ok(name) } else { Err(NoHost(text.to_owned())) }
    }

    /// Whether a `Host` field, with or without port, names this server.
    fn have(&self, field: &str) -> bool {
        let Some(host) = host_of(field) else { return false };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        is_address(&host) || host == "localhost" || self.0.contains(&host)
    }
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.len() <= 63 && label.bytes().all(inner)
    };
    !text.is_empty() && text.len() <= MOST_LETTERS && text.split('.').all(label)
}

fn is_address(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
    }
}

/// The host of `host`, `host:port`, `[address]` or `[address]:port`.
fn host_of(field: &str) -> Option<&str> {
    let end = match field.find(']') {
        Some(end) if field.starts_with('[') => end + 1,
        Some(_) => return None,
        None => field.find(':').unwrap_or(field.len()),
    };
    let (host, rest) = field.split_at_checked(end)?;
    let port = rest.strip_prefix(':').unwrap_or(rest);
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && port.len() <= 5;
    (digits && (rest.is_empty() || rest.starts_with(':'))).then_some(host)
}

/// Refuses what was sent to another name.
pub(super) async fn known(State(web): State<Web>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if FOR_ANYBODY.contains(&path) || path.starts_with(LEDGER) {
        return next.run(request).await;
    }
    let headers = request.headers();
    let mut fields = headers.get_all(header::HOST).iter().map(|value| value.to_str().ok());
    // In HTTP/2 the name stands in the target; where it stands in both, both count.
    let target = request.uri().authority().map(|authority| Some(authority.as_str()));
    let named: Vec<Option<&str>> = target.into_iter().chain(fields.by_ref()).collect();
    let own = |field: &Option<&str>| field.is_some_and(|field| web.hosts.have(field));
    if !named.is_empty() && named.iter().all(own) {
        return next.run(request).await;
    }
    let strange = named.iter().find(|field| !own(field)).copied().flatten().and_then(host_of);
    let (what, hint) = match strange.map(str::to_ascii_lowercase).filter(|name| is_name(name)) {
        Some(name) => (
            format!("This server does not go by the name {name}"),
            format!(
                "Nothing was shown or changed. Open it by its address, or by a name that it was given. If {name} is a \
                 name that your company gave it, whoever runs it starts it with: deckwatch serve --host {name}"
            ),
        ),
        None => (
            "This request does not say which server it is for".to_owned(),
            "Nothing was shown or changed. Open this server by its address, or by a name that it was given."
                .to_owned(),
        ),
    };
    reply::refused(&web, headers, StatusCode::MISDIRECTED_REQUEST, &what, &hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_given_names_are_own() {
        let hosts = Hosts::named([Hosts::name("Shore.Example.").unwrap()]);
        for own in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "192.168.7.2:80",
            "[::1]:8080",
            "[fe80::1]",
            "localhost",
            "LOCALHOST:8080",
            "shore.example",
            "SHORE.example:443",
            "shore.example.:443",
        ] {
            assert!(hosts.have(own), "{own}");
        }
    }

    #[test]
    fn nothing_else_is() {
        let hosts = Hosts::named(["shore.example".to_owned()]);
        for strange in [
            "",
            ":",
            ":80",
            "evil.example",
            "shore.example.evil.example",
            "evil.shore.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "127.0.0.1@evil.example",
            "shore.example:port",
            "shore.example:80:80",
            "[::1",
            "::1",
            "[::1]evil.example",
            "evil.example]",
            "[evil.example]",
            "[127.0.0.1]",
            "2130706433",
            "0x7f.1",
            "shore.example:123456",
            "shore.example/",
            "shore example",
        ] {
            assert!(!hosts.have(strange), "{strange:?}");
        }
    }

    #[test]
    fn a_name_is_given_without_port_and_path() {
        assert_eq!(Hosts::name("shore.example"), Ok("shore.example".to_owned()));
        for wrong in [
            "",
            "https://shore.example",
            "shore.example:443",
            "a/b",
            "a..b",
            "é.example",
            "*.example",
        ] {
            let said = Hosts::name(wrong).unwrap_err().to_string();
            assert!(said.contains("such as shore.example"), "{said}");
        }
    }
}
