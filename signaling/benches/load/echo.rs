//! The limit: a server of the same make that does nothing but send back what it gets.

use axum::{
    Router,
    extract::{
        WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    routing::get,
    serve::ListenerExt as _,
};
use tokio::net::TcpListener;

/// Serves until it is killed.
///
/// # Errors
/// If it cannot listen.
pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("Listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it messages leave a little later.
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().route(
        "/",
        get(|upgrade: WebSocketUpgrade| async move {
            // The buffers of our server, so that none has the better ones.
            upgrade
                .read_buffer_size(16 * 1024)
                .write_buffer_size(0)
                .on_upgrade(echo)
        }),
    );
    axum::serve(listener, router).await?;
    Ok(())
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(_) = &message
            && socket.send(message).await.is_err()
        {
            return;
        }
    }
}
