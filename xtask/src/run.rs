//! `cargo xtask run`: from a fresh machine to an open invitation.

use std::{
    env,
    fs::{self, File},
    io::{self, IsTerminal as _},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::{
    build,
    bundle::Profile,
    desktop,
    packages::{self, Set},
    steps::{Steps, sh},
};

/// The port that the documentation names.
const PORT: u16 = 8080;
const SERVER_START: Duration = Duration::from_secs(20);

/// How to run.
#[derive(clap::Args)]
pub struct Options {
    /// Share a virtual desktop even if there is a display.
    #[arg(long = "virtual")]
    virtual_desktop: bool,
    /// Talk to the novice in this terminal instead of in a window.
    #[arg(long)]
    terminal: bool,
    /// Build for release: slower to build, faster to run.
    #[arg(long)]
    release: bool,
}

/// Sets everything up, then *becomes* the agent: the server and the virtual desktop are children
/// of this very process, and the kernel ends them when it ends, whatever ends it. So Ctrl-C goes
/// straight to the agent, for which it means "stop control" before it means "end".
///
/// # Errors
/// If set-up, the build or the server fails. Does not return otherwise.
pub fn run(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    let wayland = is_wayland();
    let shown = env::var_os("DISPLAY")
        .filter(|name| !name.is_empty() && !wayland && !options.virtual_desktop);
    if wayland && !options.virtual_desktop {
        eprintln!(
            "This desktop runs on Wayland, which Deskhand cannot share yet: a virtual desktop is \
             shared instead. To share this one, choose Xorg (X11) on the login screen."
        );
    }
    let with_window = shown.is_some() && !options.terminal;
    let mut sets = vec![Set::Build];
    if with_window {
        sets.push(Set::Window);
    }
    if shown.is_none() {
        sets.push(Set::Desktop);
    }
    packages::ensure(steps, &sets)?;
    build::page(steps, root, Profile::Release)?;
    let profile: &[&str] = if options.release { &["--release"] } else { &[] };
    steps.step("Building server and agent", || {
        sh(build::cargo(root)
            .args(["build", "--locked"])
            .args(build::PROGRAMS)
            .args(profile))
    })?;
    let programs = build::target_dir(root).join(if options.release { "release" } else { "debug" });
    let logs = build::target_dir(root).join("run");
    fs::create_dir_all(&logs)?;

    let port = free_port()?;
    let url = format!("http://127.0.0.1:{port}");
    steps.step(&format!("Starting the server at {url}"), || {
        start_server(&programs, &logs, port)
    })?;

    let mut agent = Command::new(programs.join("deskhand"));
    agent.args(["invite", "--server", &url, "--print"]);
    // Not the invitations of the person who tries this out.
    agent.env("XDG_STATE_HOME", logs.join("agent"));
    if !with_window {
        agent.arg("--terminal");
    }
    match shown {
        Some(name) => eprintln!(
            "\nSharing the display {}. Nobody sees it before you allow it.",
            name.to_string_lossy()
        ),
        None => share_virtual_desktop(steps, &logs, &mut agent)?,
    }
    eprintln!(
        "Open the link in a browser to play the helper, and give the password there. Ctrl-C ends everything.\n\
         The server's log: {}\n",
        logs.join("server.log").display()
    );
    let error = agent.exec();
    Err(error).context("cannot start the agent")
}

fn share_virtual_desktop(
    steps: &mut Steps,
    logs: &Path,
    agent: &mut Command,
) -> anyhow::Result<()> {
    let display = steps.step("Starting a virtual desktop", || desktop::start(logs))?;
    agent
        .env("DISPLAY", &display)
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("XDG_SESSION_TYPE")
        // Names a window of another display.
        .env_remove("WINDOWID");
    eprintln!(
        "\nA virtual desktop is shared: {display}, 1280 x 800, with a window manager, a terminal \
         and a clock. You see it in the browser only."
    );
    if !io::stdin().is_terminal() {
        eprintln!("Standard input is no terminal: write the answers (y or n) to it.");
    }
    Ok(())
}

/// Whether this desktop is one that the agent refuses to share.
fn is_wayland() -> bool {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    set("WAYLAND_DISPLAY").is_some()
        || set("XDG_SESSION_TYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("wayland"))
}

/// The documented port, or any free one if that is taken.
fn free_port() -> anyhow::Result<u16> {
    match TcpListener::bind(("127.0.0.1", PORT)) {
        Ok(_) => Ok(PORT),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            eprintln!("\nPort {PORT} is used by another program, so the server takes {port}.");
            Ok(port)
        }
        Err(error) => Err(error).context("cannot listen on 127.0.0.1"),
    }
}

fn start_server(programs: &Path, logs: &Path, port: u16) -> anyhow::Result<()> {
    let log = logs.join("server.log");
    let mut server = desktop::companion(&programs.join("deskhand-server").to_string_lossy())
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .env("DESKHAND_STATE_DIR", logs.join("server"))
        .stderr(File::create(&log)?)
        .spawn()
        .context("cannot start the server")?;
    wait_until_listening(&mut server, port).map_err(|error| {
        let said = fs::read_to_string(&log).unwrap_or_default();
        error.context(format!("the server said:\n{said}"))
    })
}

fn wait_until_listening(server: &mut Child, port: u16) -> anyhow::Result<()> {
    let deadline = Instant::now() + SERVER_START;
    while Instant::now() < deadline {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        if let Some(status) = server.try_wait()? {
            bail!("the server ended ({status})");
        }
        // From outside there is no event to wait for.
        thread::sleep(Duration::from_millis(50));
    }
    bail!("the server did not answer in time")
}
