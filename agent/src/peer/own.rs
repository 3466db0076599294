//! Which sockets of this computer are the connection's own: the crate makes them, and tells nobody
//! but the runtime that it runs on.

use std::{
    collections::HashSet,
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime,
    TokioRuntime,
};

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnSockets(Arc<Mutex<HashSet<SocketAddr>>>);

impl OwnSockets {
    /// Whether what comes from there comes from one of them: no two sockets share an address.
    pub(super) fn include(&self, from: SocketAddr) -> bool {
        self.known()
            .iter()
            .any(|own| *own == from || own.ip().is_unspecified() && own.port() == from.port())
    }

    /// Counts one among them.
    pub(super) fn add(&self, socket: &UdpSocket) -> io::Result<()> {
        let address = socket.local_addr()?;
        self.known().insert(address);
        Ok(())
    }

    /// A runtime whose sockets are counted among them.
    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::new(Counting(self.clone(), TokioRuntime))
    }

    fn known(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokio, for all but that.
#[derive(Debug)]
struct Counting(OwnSockets, TokioRuntime);

type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

impl Runtime for Counting {
    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        self.0.add(&socket)?;
        self.1.wrap_udp_socket(socket)
    }

    fn spawn(&self, future: Future<'static, ()>) -> Box<dyn JoinHandle> {
        self.1.spawn(future)
    }

    fn spawn_reactor(&self, threads: usize, future: Future<'static, ()>) -> Box<dyn JoinHandle> {
        self.1.spawn_reactor(threads, future)
    }

    fn wrap_tcp_listener(&self, listener: TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.1.wrap_tcp_listener(listener)
    }

    fn connect_tcp(&self, to: SocketAddr) -> Future<'_, io::Result<Arc<dyn AsyncTcpStream>>> {
        self.1.connect_tcp(to)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Future<'a, io::Result<Vec<SocketAddr>>> {
        self.1.resolve_host(host)
    }

    fn now(&self) -> Instant {
        self.1.now()
    }

    fn sleep(&self, duration: Duration) -> Future<'static, ()> {
        self.1.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.1.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn std::future::Future<Output = ()> + '_>>) {
        self.1.block_on(future);
    }

    fn yield_now(&self) -> Future<'static, ()> {
        self.1.yield_now()
    }

    fn name(&self) -> &'static str {
        self.1.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_crate_makes_is_known_and_nothing_else() {
        let own = OwnSockets::default();
        let bind = |address: &str| UdpSocket::bind(address).unwrap();
        let (made, any, other) = (bind("127.0.0.1:0"), bind("0.0.0.0:0"), bind("127.0.0.1:0"));
        let at = |socket: &UdpSocket| socket.local_addr().unwrap();
        let (made_at, any_at, other_at) = (at(&made), at(&any), at(&other));
        for socket in [made, any] {
            socket.set_nonblocking(true).unwrap();
            own.runtime().wrap_udp_socket(socket).unwrap();
        }
        assert!(own.include(made_at));
        assert!(own.include(SocketAddr::new([127, 0, 0, 1].into(), any_at.port())));
        assert!(!own.include(SocketAddr::new([127, 0, 0, 2].into(), made_at.port())));
        assert!(!own.include(other_at));
    }
}
