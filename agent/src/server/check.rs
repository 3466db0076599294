//! Whether there is a server at an address, before the novice relies on it.

use std::{io, time::Duration};

use deskhand_protocol::{
    VERSION,
    signal::{self, FromNovice, Refusal, ToNovice},
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::{
    connect_async_tls_with_config,
    tungstenite::{self, Message},
};

use super::{Address, Trust, socket};

/// For everything together.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a server cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Nobody is there, or not in time.
    #[error("that address does not answer. Check the spelling and your connection")]
    Silent,
    /// It cannot prove that it is who it claims to be.
    #[error(
        "that address cannot prove whose it is: its certificate is not valid. Do not use it, and tell whoever gave it to you"
    )]
    Certificate,
    /// Something else is there.
    #[error("that is not a Deskhand server. Check the spelling")]
    Other,
    /// It is one, of another version.
    #[error(
        "that server runs another version of Deskhand than this program. Get the program that belongs to it"
    )]
    Version,
    /// It is one, and has no time.
    #[error("that server is busy. Try again in a minute")]
    Busy,
}

/// Says hello as a novice's agent does and waits until the server has taken it: at most five
/// seconds.
///
/// # Errors
/// See [`CheckError`].
pub async fn check(address: &Address, trust: &Trust) -> Result<(), CheckError> {
    within(PATIENCE, address, trust).await
}

async fn within(patience: Duration, address: &Address, trust: &Trust) -> Result<(), CheckError> {
    tokio::time::timeout(patience, greet(address, trust))
        .await
        .unwrap_or(Err(CheckError::Silent))
}

async fn greet(address: &Address, trust: &Trust) -> Result<(), CheckError> {
    let bounds = Some(socket::bounds());
    let connected =
        connect_async_tls_with_config(address.socket(), bounds, true, Some(trust.connector()));
    let (mut socket, _) = connected.await.map_err(|error| reason(&error))?;
    let hello = signal::encode(&FromNovice::Hello { version: VERSION });
    // Messages are taken in order: what answers the ping has taken the greeting, and a server
    // that refuses it has said so before.
    for message in [Message::text(hello), Message::Ping(Vec::new().into())] {
        socket.send(message).await.map_err(|error| reason(&error))?;
    }
    loop {
        match socket.next().await {
            Some(Ok(Message::Pong(_))) => break,
            Some(Ok(Message::Ping(_))) => {}
            Some(Ok(Message::Text(text))) => match signal::decode(&text) {
                Ok(ToNovice::Closing { reason }) => return Err(refused(reason)),
                Ok(_) | Err(_) => return Err(CheckError::Other),
            },
            Some(Ok(_)) | None => return Err(CheckError::Other),
            Some(Err(error)) => return Err(reason(&error)),
        }
    }
    // It is there; whether it hears the farewell makes no difference.
    let _ = socket.close(None).await;
    Ok(())
}

fn refused(reason: Refusal) -> CheckError {
    match reason {
        Refusal::Version => CheckError::Version,
        Refusal::TooMany | Refusal::Slow | Refusal::Restarting => CheckError::Busy,
        _ => CheckError::Other,
    }
}

fn reason(error: &tungstenite::Error) -> CheckError {
    match error {
        tungstenite::Error::Io(error) => match tls(error) {
            Some(rustls::Error::InvalidCertificate(_)) => CheckError::Certificate,
            Some(_) => CheckError::Other,
            None => CheckError::Silent,
        },
        _ => CheckError::Other,
    }
}

fn tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use tokio::{
        io::AsyncWriteExt as _,
        net::{TcpListener, TcpStream},
    };
    use tokio_tungstenite::accept_async;

    use super::*;

    fn public() -> Trust {
        Trust::new([]).unwrap()
    }

    /// Somebody who takes one connection.
    async fn somebody<F>(scheme: &str, serve: impl FnOnce(TcpStream) -> F) -> Result<(), CheckError>
    where
        F: Future<Output = ()>,
    {
        visited(scheme, &public(), serve).await
    }

    async fn visited<F>(
        scheme: &str,
        trust: &Trust,
        serve: impl FnOnce(TcpStream) -> F,
    ) -> Result<(), CheckError>
    where
        F: Future<Output = ()>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address::parse(&format!("{scheme}://127.0.0.1:{port}")).unwrap();
        let served = async { serve(listener.accept().await.unwrap().0).await };
        let (checked, ()) = tokio::join!(check(&address, trust), served);
        checked
    }

    /// A server that answers the greeting with `reason`, or takes it.
    async fn server(stream: TcpStream, reason: Option<Refusal>) {
        let mut socket = accept_async(stream).await.unwrap();
        let hello = socket.next().await.unwrap().unwrap().into_text().unwrap();
        let hello: FromNovice = signal::decode(&hello).unwrap();
        assert_eq!(hello, FromNovice::Hello { version: VERSION });
        if let Some(reason) = reason {
            let text = signal::encode(&ToNovice::Closing { reason });
            socket.send(Message::text(text)).await.unwrap();
        }
        while socket.next().await.is_some_and(|next| next.is_ok()) {}
    }

    #[tokio::test]
    async fn a_server_that_takes_the_greeting_is_one() {
        assert_eq!(somebody("http", |s| server(s, None)).await, Ok(()));
    }

    #[tokio::test]
    async fn a_server_that_refuses_is_told_apart() {
        for (reason, told) in [
            (Refusal::Version, CheckError::Version),
            (Refusal::Restarting, CheckError::Busy),
            (Refusal::TooMany, CheckError::Busy),
            (Refusal::Protocol, CheckError::Other),
        ] {
            let checked = somebody("http", |s| server(s, Some(reason))).await;
            assert_eq!(checked, Err(told), "{reason:?}");
        }
    }

    #[tokio::test]
    async fn a_web_site_is_no_server() {
        let site = |mut stream: TcpStream| async move {
            let page = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(page).await.unwrap();
        };
        assert_eq!(somebody("http", site).await, Err(CheckError::Other));
        // Not even the right protocol.
        assert_eq!(somebody("https", site).await, Err(CheckError::Other));
    }

    /// Somebody with a certificate that no public authority vouches for; gives whether they were
    /// spoken to all the same.
    fn impostor(stream: TcpStream, certificate: &Certificate, key: &KeyPair) -> bool {
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = rustls::ServerConfig::builder_with_provider(
            rustls::crypto::ring::default_provider().into(),
        )
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let mut secure = rustls::ServerConnection::new(config.into()).unwrap();
        // Whoever does not believe them hangs up.
        while secure.is_handshaking() && secure.complete_io(&mut stream).is_ok() {}
        let mut stream = rustls::Stream::new(&mut secure, &mut stream);
        let mut said = [0; 4];
        stream.read_exact(&mut said).is_ok() && said == *b"GET "
    }

    fn pem(certificate: &[u8]) -> String {
        let text = STANDARD.encode(certificate);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// An authority of one's own, as a file, and what it vouches for.
    fn authority() -> (tempfile::NamedTempFile, Certificate, KeyPair) {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pem(own.der())).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".into()]).unwrap();
        let certificate = params.signed_by(&key, &own).unwrap();
        (file, certificate, key)
    }

    #[tokio::test]
    async fn an_address_that_cannot_prove_whose_it_is_is_refused() {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
        let serve = |stream| async {
            let serve = move || impostor(stream, &own.cert, &own.signing_key);
            assert!(!tokio::task::spawn_blocking(serve).await.unwrap());
        };
        assert_eq!(somebody("https", serve).await, Err(CheckError::Certificate));
    }

    /// One believes in who signed the certificate, the other does not.
    #[tokio::test]
    async fn an_authority_of_ones_own_vouches_for_its_servers() {
        for believed in [true, false] {
            let (file, certificate, key) = authority();
            let own = believed.then_some(file.path());
            let trust = Trust::new(own).unwrap();
            let serve = |stream| async {
                let serve = move || impostor(stream, &certificate, &key);
                assert_eq!(tokio::task::spawn_blocking(serve).await.unwrap(), believed);
            };
            let checked = visited("https", &trust, serve).await.unwrap_err();
            assert_eq!(checked != CheckError::Certificate, believed, "{checked:?}");
        }
    }

    #[tokio::test]
    async fn nobody_is_no_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        assert_eq!(check(&address, &public()).await, Err(CheckError::Silent));
    }

    #[tokio::test]
    async fn somebody_who_says_nothing_is_not_waited_for_forever() {
        // Connections are taken by the system, and by nobody else.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let checked = within(Duration::from_millis(100), &address, &public()).await;
        assert_eq!(checked, Err(CheckError::Silent));
    }
}
