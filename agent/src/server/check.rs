//! Whether there is a server at an address, before the novice relies on it.

use std::{io, time::Duration};

use deskhand_protocol::{
    VERSION,
    signal::{self, FromNovice, Refusal, ToNovice},
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{self, Message},
};

use super::{Address, socket};

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
pub async fn check(address: &Address) -> Result<(), CheckError> {
    within(PATIENCE, address).await
}

async fn within(patience: Duration, address: &Address) -> Result<(), CheckError> {
    tokio::time::timeout(patience, greet(address))
        .await
        .unwrap_or(Err(CheckError::Silent))
}

async fn greet(address: &Address) -> Result<(), CheckError> {
    let (mut socket, _) = connect_async_with_config(address.socket(), Some(socket::bounds()), true)
        .await
        .map_err(|error| reason(&error))?;
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
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use tokio::{
        io::AsyncWriteExt as _,
        net::{TcpListener, TcpStream},
    };
    use tokio_tungstenite::accept_async;

    use super::*;

    /// Somebody who takes one connection.
    async fn somebody<F>(scheme: &str, serve: impl FnOnce(TcpStream) -> F) -> Result<(), CheckError>
    where
        F: Future<Output = ()>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address::parse(&format!("{scheme}://127.0.0.1:{port}")).unwrap();
        let served = async { serve(listener.accept().await.unwrap().0).await };
        let (checked, ()) = tokio::join!(check(&address), served);
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

    /// Somebody with a certificate that only they themselves vouch for.
    fn impostor(stream: TcpStream) {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .unwrap();
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let mut secure = rustls::ServerConnection::new(config.into()).unwrap();
        // They hang up on us.
        while secure.is_handshaking() && secure.complete_io(&mut stream).is_ok() {}
    }

    #[tokio::test]
    async fn an_address_that_cannot_prove_whose_it_is_is_refused() {
        let serve = |stream| async {
            tokio::task::spawn_blocking(|| impostor(stream))
                .await
                .unwrap();
        };
        assert_eq!(somebody("https", serve).await, Err(CheckError::Certificate));
    }

    #[tokio::test]
    async fn nobody_is_no_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        assert_eq!(check(&address).await, Err(CheckError::Silent));
    }

    #[tokio::test]
    async fn somebody_who_says_nothing_is_not_waited_for_forever() {
        // Connections are taken by the system, and by nobody else.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let checked = within(Duration::from_millis(100), &address).await;
        assert_eq!(checked, Err(CheckError::Silent));
    }
}
