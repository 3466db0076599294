//! How an authority is spoken to: HTTPS and nothing else, a connection for each question, with an
//! end to every wait and to every answer.

use std::{io, pin::Pin, sync::Arc, time::Duration};

use axum::body::{Body, Bytes, to_bytes};
use hyper::{
    Request, Uri,
    client::conn::http1,
    header::{HOST, HeaderValue},
    http::uri::{PathAndQuery, Scheme},
};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::tls::provider;

/// For a whole answer.
const ANSWER: Duration = Duration::from_secs(30);
/// For one address, so that one that swallows everything leaves time for the next.
const ADDRESS: Duration = Duration::from_secs(5);
/// No certificate and no list of anything is longer.
const MAX_ANSWER: usize = 256 * 1024;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
enum Silence {
    /// The authority named an address of another kind.
    #[error("it names an address that does not begin with https://")]
    Open,
    /// No connection.
    #[error("{host} cannot be reached: {cause}")]
    Unreachable { host: String, cause: io::Error },
    /// Its certificate is not good, mostly.
    #[error("{host} does not prove to be itself: {cause}")]
    Stranger { host: String, cause: io::Error },
    /// It speaks no HTTP.
    #[error("{0}")]
    Garbled(#[from] hyper::Error),
    /// The answer broke off, or went on and on.
    #[error("{0}")]
    Broken(#[from] axum::Error),
    /// It took too long.
    #[error("it did not answer in time")]
    Late,
}

/// Believes those whom these authorities vouch for.
#[derive(Clone)]
pub(super) struct Https(TlsConnector);

impl Https {
    /// # Errors
    /// Only if the library cannot do so at all.
    pub(super) fn trusting(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    async fn ask(self, question: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Silence> {
        let (question, host, port) = addressed(question).ok_or(Silence::Open)?;
        let name = ServerName::try_from(host.clone()).map_err(|_| Silence::Open)?;
        let stream = match connect(&host, port).await {
            Ok(stream) => stream,
            Err(cause) => return Err(Silence::Unreachable { host, cause }),
        };
        let stream = match self.0.connect(name, stream).await {
            Ok(stream) => stream,
            Err(cause) => return Err(Silence::Stranger { host, cause }),
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with this function, whatever that ends with.
        let mut beside = JoinSet::new();
        beside.spawn(connection);
        let (parts, body) = sender.send_request(question).await?.into_parts();
        let body = to_bytes(Body::new(body), MAX_ANSWER).await?;
        let body = Box::new(body);
        Ok(BytesResponse { parts, body })
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        question: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let asked = self.clone().ask(question);
        Box::pin(async {
            let answer = timeout(ANSWER, asked).await.unwrap_or(Err(Silence::Late));
            answer.map_err(|silence| Error::Other(Box::new(silence)))
        })
    }
}

/// The same with its path alone in the first line, as servers are asked, and where to send it.
fn addressed<B>(mut question: Request<B>) -> Option<(Request<B>, String, u16)> {
    let uri = question.uri();
    if uri.scheme() != Some(&Scheme::HTTPS) {
        return None;
    }
    let authority = uri.authority()?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let port = authority.port_u16().unwrap_or(443);
    let header = HeaderValue::from_str(authority.as_str()).ok()?;
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    *question.uri_mut() = path.parse::<Uri>().ok()?;
    question.headers_mut().insert(HOST, header);
    Some((question, host, port))
}

/// The first of its addresses that takes a connection.
async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host((host, port)).await? {
        match timeout(ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_go_over_tls_to_where_they_are_addressed() {
        let of = |uri: &str| {
            let question = Request::builder().uri(uri).body(()).unwrap();
            let (question, host, port) = addressed(question)?;
            let header = question.headers()[HOST].to_str().unwrap().to_owned();
            Some((host, port, header, question.uri().to_string()))
        };
        let expected = |host: &str, port, header: &str, path: &str| {
            Some((host.to_owned(), port, header.to_owned(), path.to_owned()))
        };
        assert_eq!(
            of("https://ca.example.org/directory?a=b"),
            expected("ca.example.org", 443, "ca.example.org", "/directory?a=b")
        );
        assert_eq!(
            of("https://[::1]:14000"),
            expected("::1", 14000, "[::1]:14000", "/")
        );
        for other in ["http://ca.example.org/directory", "/directory"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
