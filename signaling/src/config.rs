//! The command line, and what it is checked into.

use std::{
    env,
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    time::Duration,
};

use clap::Parser;

use crate::{
    origin::Origin,
    state::{StateError, open_keys},
    token::KeyRing,
};

/// Introduces people who need help to people who give it, and serves the helper's page.
#[derive(Debug, Parser)]
#[command(name = "deskhand-server", version, max_term_width = 90)]
pub struct Options {
    /// Address and port to listen on. Anything but this computer itself (127.0.0.1) needs
    /// --public-url and a proxy in front that speaks HTTPS
    #[arg(
        long,
        env = "DESKHAND_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT",
        value_parser = listen_address
    )]
    pub listen: SocketAddr,

    /// The address people reach this server at, such as <https://help.example.org>
    #[arg(long, env = "DESKHAND_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Origin>,

    /// Where the server keeps its key. Without it: the one systemd gives, or
    /// deskhand-server in the home directory's place for such things
    #[arg(long, env = "DESKHAND_STATE_DIR", value_name = "DIRECTORY")]
    pub state_dir: Option<PathBuf>,

    /// Connections one address may hold at a time. Without it: 20, and 1000 for this computer
    #[arg(long, env = "DESKHAND_MAX_SOCKETS_PER_IP", value_name = "NUMBER")]
    pub max_sockets_per_ip: Option<NonZeroUsize>,

    /// Address of a proxy whose X-Forwarded-For header tells who is calling; several with commas
    #[arg(
        long,
        env = "DESKHAND_TRUSTED_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub trusted_proxy: Vec<IpAddr>,

    /// What to log: error, warn, info, debug or trace, also for single parts of the program
    #[arg(
        long,
        env = "DESKHAND_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub log: String,
}

/// `ADDRESS:PORT`; `localhost` is an address too.
fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    if let Some(port) = text.strip_prefix("localhost:") {
        return match port.parse() {
            Ok(port) => Ok((Ipv4Addr::LOCALHOST, port).into()),
            Err(_) => Err("The port has to be a number from 0 to 65535"),
        };
    }
    text.parse()
        .map_err(|_| "It has to be an address and a port, such as 127.0.0.1:8080 or [::]:8080")
}

/// Why the server cannot start as it was told to. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Reachable from outside, without a public URL.
    #[error(
        "Listening on {0} makes the server reachable for others, which needs HTTPS: put a proxy in front that speaks it, and give its address with --public-url https://..."
    )]
    NeedsPublicUrl(SocketAddr),
    /// There is nowhere to keep the key.
    #[error(
        "There is no home directory to keep the server's key in. Choose a place with --state-dir."
    )]
    NoStateDir,
    /// The key cannot be kept or read.
    #[error(transparent)]
    State(#[from] StateError),
}

impl ConfigError {
    /// What the program ends with: 2 if the command line has to change, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NeedsPublicUrl(_) | Self::NoStateDir => 2,
            Self::State(_) => 1,
        }
    }
}

/// All there is to decide before serving.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach the server; `None`: on this computer only.
    pub public_url: Option<Origin>,
    /// Signs and checks owner tokens.
    pub keys: KeyRing,
    /// Sockets one address may hold; `None`: 20, and 1000 for loopback.
    pub max_sockets_per_ip: Option<NonZeroUsize>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How patient the server is.
    pub patience: Patience,
}

/// How long the server waits for things.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request, and for the next one on a connection.
    pub head: Duration,
    /// For the first message on a socket.
    pub hello: Duration,
    /// Between two pings.
    pub ping: Duration,
    /// For any sign of life.
    pub idle: Duration,
    /// For a socket to take one message.
    pub write: Duration,
    /// For a closed socket to close from its side too.
    pub close: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            hello: Duration::from_secs(5),
            ping: Duration::from_secs(20),
            idle: Duration::from_mins(1),
            write: Duration::from_secs(10),
            close: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// For a server on this computer only, with these keys; for tests and trials.
    pub fn local(keys: KeyRing) -> Self {
        Self {
            public_url: None,
            keys,
            max_sockets_per_ip: None,
            trusted_proxies: Vec::new(),
            patience: Patience::default(),
        }
    }
}

impl TryFrom<Options> for Config {
    type Error = ConfigError;

    fn try_from(options: Options) -> Result<Self, ConfigError> {
        if !options.listen.ip().to_canonical().is_loopback() && options.public_url.is_none() {
            return Err(ConfigError::NeedsPublicUrl(options.listen));
        }
        let dir = match options.state_dir {
            Some(dir) => dir,
            None => default_state_dir(|name| env::var_os(name)).ok_or(ConfigError::NoStateDir)?,
        };
        Ok(Self {
            public_url: options.public_url,
            keys: open_keys(&dir)?,
            max_sockets_per_ip: options.max_sockets_per_ip,
            trusted_proxies: options.trusted_proxy,
            patience: Patience::default(),
        })
    }
}

/// What systemd gives (`systemd.exec(5)`, the first of a list), else the XDG place.
fn default_state_dir(var: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // Relative paths count as not set: the XDG specification wants that.
    let path = |name| var(name).map(PathBuf::from).filter(|p| p.is_absolute());
    if let Some(given) = var("STATE_DIRECTORY") {
        let first = env::split_paths(&given).next();
        if let Some(dir) = first.filter(|p| p.is_absolute()) {
            return Some(dir);
        }
    }
    path("XDG_STATE_HOME")
        .or_else(|| Some(path("HOME")?.join(".local/state")))
        .map(|dir| dir.join("deskhand-server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Result<Options, String> {
        Options::try_parse_from([&["deskhand-server"], args].concat()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_public_address_needs_a_public_url() {
        for listen in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:80"] {
            let said = Config::try_from(options(&["--listen", listen]).unwrap()).unwrap_err();
            assert_eq!(said.exit_code(), 2);
            assert!(said.to_string().contains("--public-url"), "{said}");
        }
    }

    #[test]
    fn bad_values_are_answered_with_a_sentence() {
        let table: &[(&[&str], &str)] = &[
            (&["--listen", "8080"], "an address and a port"),
            (&["--listen", "localhost:99999"], "a number from 0 to 65535"),
            (
                &["--public-url", "help.example.org"],
                "complete web address",
            ),
            (
                &["--public-url", "http://help.example.org"],
                "start with https://",
            ),
            (&["--public-url", "https://a.example/b"], "without a path"),
        ];
        for (args, sentence) in table {
            let said = options(args).unwrap_err();
            assert!(said.contains(sentence), "{said}");
        }
    }

    #[test]
    fn localhost_is_an_address() {
        let read = options(&["--listen", "localhost:0"]).unwrap();
        assert_eq!(read.listen, "127.0.0.1:0".parse().unwrap());
    }

    #[test]
    fn the_state_directory_is_systemds_or_xdgs() {
        let of = |vars: &'static [(&str, &str)]| {
            default_state_dir(|name| {
                let found = vars.iter().find(|(n, _)| *n == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(
            of(&[
                ("STATE_DIRECTORY", "/var/lib/d:/var/lib/e"),
                ("HOME", "/home/a")
            ]),
            Some("/var/lib/d".into())
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/a")]),
            Some("/state/deskhand-server".into())
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/a")]),
            Some("/home/a/.local/state/deskhand-server".into())
        );
        assert_eq!(of(&[]), None);
    }
}
