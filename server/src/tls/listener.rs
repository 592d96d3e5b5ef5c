//! Connections whose handshake is done. Handshakes run beside each other, so that a slow one holds up nobody.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Handshakes under way at most. When there are as many, the oldest one ends: whoever opens connections and says nothing
/// crowds out himself first, and a handshake of two round trips over a satellite takes 1.5 s.
const MOST_HANDSHAKES: usize = 256;
/// A handshake is done within this time: 4 kB of certificates at 9.6 kbit/s take 4 s, and three round trips 2 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// After a failure that is not the caller's, such as too many open files.
const PAUSE: Duration = Duration::from_secs(1);

type Secured = (TlsStream<TcpStream>, SocketAddr);

/// Takes connections over TLS.
pub struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<Option<Secured>>,
    /// Those under way, the oldest first.
    order: VecDeque<AbortHandle>,
}

impl std::fmt::Debug for TlsListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsListener").field("tcp", &self.tcp).finish_non_exhaustive()
    }
}

impl TlsListener {
    /// Takes connections on a bound address.
    pub fn new(tcp: TcpListener, config: Arc<ServerConfig>) -> Self {
        let acceptor = TlsAcceptor::from(config);
        Self { tcp, acceptor, handshakes: JoinSet::new(), order: VecDeque::new() }
    }

    fn begin(&mut self, stream: TcpStream, from: SocketAddr) {
        self.order.retain(|handshake| !handshake.is_finished());
        if self.order.len() >= MOST_HANDSHAKES
            && let Some(oldest) = self.order.pop_front()
        {
            oldest.abort();
        }
        let accepting = self.acceptor.accept(stream);
        self.order.push_back(self.handshakes.spawn(async move {
            match tokio::time::timeout(PATIENCE, accepting).await {
                Ok(Ok(stream)) => Some((stream, from)),
                Ok(Err(error)) => {
                    tracing::debug!(%from, %error, "a handshake failed");
                    None
                }
                Err(_) => {
                    tracing::debug!(%from, "a handshake took too long");
                    None
                }
            }
        }));
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(secured)) = done {
                        return secured;
                    }
                }
                taken = self.tcp.accept() => match taken {
                    Ok((stream, from)) => self.begin(stream, from),
                    Err(error) if is_the_callers(&error) => {}
                    Err(error) => {
                        tracing::error!(%error, "no connection could be taken");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Whoever connected went away again.
fn is_the_callers(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
