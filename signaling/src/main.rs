//! `deskhand-server`: reads its options, listens, and serves until it is told to stop.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Parser as _;
use deskhand_signaling::{
    Config,
    config::{ConfigError, Options},
    serve,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            let code = error
                .downcast_ref::<ConfigError>()
                .map_or(1, ConfigError::exit_code);
            ExitCode::from(code)
        }
    }
}

fn run(options: Options) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&options.log)
        .with_context(|| format!("--log cannot be read: {}", options.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let address = options.listen;
    let config = Config::try_from(options)?;
    if config.public_url.is_some() && config.trusted_proxies.is_empty() {
        tracing::warn!(
            "without --trusted-proxy all who come through the proxy count as one visitor"
        );
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("The program cannot be started")?
        .block_on(listen(config, address))
}

async fn listen(config: Config, address: SocketAddr) -> anyhow::Result<()> {
    // First of all, so that an early signal already ends it cleanly.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| anyhow::anyhow!(bind_sentence(address, &error)))?;
    say(&format!("Listening on http://{}", listener.local_addr()?));
    serve(config, listener, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
    .await?;
    Ok(())
}

fn bind_sentence(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Port {port} is already in use: another program, or another deskhand-server, listens there. Stop it, or choose another port with --listen."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "Port {port} is reserved for the administrator. Choose one above 1023 with --listen."
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "This computer has no address {}. Choose one of its own with --listen.",
            address.ip()
        ),
        _ => format!("Cannot listen on {address}: {error}."),
    }
}

/// One line to the person who started the program.
fn say(line: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}
