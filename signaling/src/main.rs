//! `deskhand-server`: reads its options, listens, and serves until it is told to stop.

use std::{
    env,
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use deskhand_signaling::{
    Listeners,
    config::{LogFormat, LogOptions, Order, Plan},
    secrecy, serve,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

fn main() -> ExitCode {
    let private = secrecy::keep_memory_private();
    let order = match Order::read(env::args_os(), |name| env::var_os(name)) {
        Ok(order) => order,
        Err(question) => question.exit(),
    };
    let (check_only, logs) = (order.check_only, order.options.logs.clone());
    let plan = match order.plan() {
        Ok(plan) => plan,
        Err(problems) => {
            say(&problems.to_string());
            return ExitCode::from(problems.exit_code());
        }
    };
    if check_only {
        for note in &plan.notes {
            say(note);
        }
        say("The server can start with this.");
        return ExitCode::SUCCESS;
    }
    start_log(&logs);
    if let Err(error) = private {
        tracing::warn!(%error, "this program's memory can be looked into");
    }
    match run(plan, logs.log_format) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(plan: Plan, format: LogFormat) -> anyhow::Result<()> {
    for note in &plan.notes {
        tracing::warn!("{note}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("The program cannot be started")?;
    let ended = runtime.block_on(listen(plan, format));
    // A file that is being read keeps nobody waiting.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

fn start_log(logs: &LogOptions) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(logs.filter())
        .with_writer(io::stderr)
        .with_ansi(false);
    match logs.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

async fn listen(plan: Plan, format: LogFormat) -> anyhow::Result<()> {
    // First of all, so that an early signal already ends it cleanly.
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let hangup = signal(SignalKind::hangup())?;
    let web = bind(plan.listen, "--listen").await?;
    let admin = match plan.admin {
        Some(address) => Some(bind(address, "--admin-listen").await?),
        None => None,
    };
    let scheme = if plan.config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    announce(
        format,
        "Listening",
        &format!("{scheme}://{}", web.local_addr()?),
    );
    if let Some(admin) = &admin {
        let address = admin.local_addr()?;
        announce(format, "Operators may ask", &format!("http://{address}"));
    }
    tokio::spawn(reload_on(hangup, Arc::clone(&plan.config.reload)));

    let (first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = count(
        terminate,
        interrupt,
        Arc::clone(&first),
        Arc::clone(&second),
    );
    tokio::spawn(signals);
    let serving = serve(plan.config, Listeners { web, admin }, first.notified());
    tokio::select! {
        ended = serving => Ok(ended?),
        () = second.notified() => Ok(()),
    }
}

/// Tells of the first signal to stop, and of the second.
async fn count(mut one: Signal, mut other: Signal, first: Arc<Notify>, second: Arc<Notify>) {
    for notify in [first, second] {
        tokio::select! {
            _ = one.recv() => {}
            _ = other.recv() => {}
        }
        notify.notify_one();
    }
}

async fn reload_on(mut hangup: Signal, reload: Arc<Notify>) {
    while hangup.recv().await.is_some() {
        reload.notify_one();
    }
}

/// Tells where the server is found: a person in a sentence, a program in the log.
fn announce(format: LogFormat, what: &str, address: &str) {
    match format {
        LogFormat::Text => say(&format!("{what} on {address}")),
        LogFormat::Json => tracing::info!(address, "{what}"),
    }
}

async fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| anyhow::anyhow!(bind_sentence(address, option, &error)))
}

fn bind_sentence(address: SocketAddr, option: &str, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Port {port} is already in use: another program, or another deskhand-server, listens there. Stop it, or choose another port with {option}."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "Port {port} is reserved for the administrator. Choose one above 1023 with {option}."
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "This computer has no address {}. Choose one of its own with {option}.",
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
