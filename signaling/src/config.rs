//! What the server was told, and what that is checked into.
//!
//! Each noun has a file of its own, with its options as a struct for `clap` and a function that
//! checks them. `layers` finds out where a value comes from. Whatever is wrong is gathered, so
//! that an administrator hears all of it at once.

mod downloads;
mod keys;
mod layers;
mod listen;
mod logs;
mod nodes;
mod patience;
mod problem;
mod secret;
mod tls;
mod turn;

use std::{
    collections::BTreeSet, ffi::OsString, net::SocketAddr, num::NonZeroUsize, path::PathBuf,
    sync::Arc,
};

use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _, Parser, value_parser};
use tokio::sync::Notify;

pub(crate) use self::tls::Around;
pub use self::{
    downloads::DownloadOptions,
    keys::KeyOptions,
    listen::ListenOptions,
    logs::{LogFormat, LogOptions},
    nodes::{NodeOptions, NodesError},
    patience::Patience,
    problem::{Place, Problem, Problems},
    secret::SecretError,
    tls::TlsOptions,
    turn::{Turn, TurnError, TurnOptions, Web},
};
use crate::{
    acme::Acme, downloads::Downloads, nodes::Settings, origin::Origin, proxy::Proxy,
    state::KeyFile, tls::Certificates, token::KeyRing,
};

/// Introduces people who need help to people who give it, and serves the helper's page.
#[derive(Debug, Parser)]
#[command(
    name = "deskhand-server",
    version,
    max_term_width = 90,
    after_help = "Every option can be set in three places; the first one that has it counts: \
        the command line, as --public-url; the environment, as DESKHAND_PUBLIC_URL; the file \
        named by --config, as public_url = \"...\". With _FILE added to its name \
        (--public-url-file, DESKHAND_PUBLIC_URL_FILE, public_url_file) any of them is read from a \
        file of its own."
)]
pub struct Options {
    /// Where it is reached.
    #[command(flatten)]
    pub listen: ListenOptions,
    /// With which certificate.
    #[command(flatten)]
    pub tls: TlsOptions,
    /// Where its keys are.
    #[command(flatten)]
    pub keys: KeyOptions,
    /// What helps those who cannot reach each other directly.
    #[command(flatten)]
    pub turn: TurnOptions,
    /// Who else there is.
    #[command(flatten)]
    pub nodes: NodeOptions,
    /// What it offers for download.
    #[command(flatten)]
    pub downloads: DownloadOptions,
    /// What it tells about itself.
    #[command(flatten)]
    pub logs: LogOptions,
}

/// What the program was asked to do.
#[derive(Debug)]
pub struct Order {
    /// Only to check whether it could start.
    pub check_only: bool,
    /// What was understood; the default for what was not.
    pub options: Options,
    problems: Vec<Problem>,
    /// The options whose values were not understood.
    unclear: BTreeSet<String>,
}

/// All there is to decide before listening.
#[derive(Debug)]
pub struct Plan {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to tell operators how it is.
    pub admin: Option<SocketAddr>,
    /// What is not wrong, but perhaps not meant either; a sentence each.
    pub notes: Vec<String>,
    /// All else.
    pub config: Config,
}

/// All there is to decide before serving.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach the server; `None`: on this computer only.
    pub public_url: Option<Origin>,
    /// With what it proves to be the one; `None`: it speaks plain HTTP, and a proxy does that.
    pub tls: Option<Certificates>,
    /// Who gets and renews that certificate; `None`: somebody else.
    pub acme: Option<Acme>,
    /// Signs and checks owner tokens.
    pub keys: KeyRing,
    /// Where those keys are kept and renewed; `None`: nowhere.
    pub key_file: Option<KeyFile>,
    /// Sockets one address may hold; `None`: 20, and 1000 for loopback.
    pub max_sockets_per_ip: Option<NonZeroUsize>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Proxy>,
    /// What helps two ends that cannot reach each other directly.
    pub turn: Turn,
    /// How to reach the other servers; `None`: there are none.
    pub nodes: Option<Settings>,
    /// What `/get` offers.
    pub downloads: Option<Downloads>,
    /// How patient the server is.
    pub patience: Patience,
    /// Notified: certificate and keys are read again.
    pub reload: Arc<Notify>,
}

impl Config {
    /// For a server on this computer only, with these keys; for tests and trials.
    pub fn local(keys: KeyRing) -> Self {
        Self {
            public_url: None,
            tls: None,
            acme: None,
            keys,
            key_file: None,
            max_sockets_per_ip: None,
            trusted_proxies: Vec::new(),
            turn: Turn::Off,
            nodes: None,
            downloads: None,
            patience: Patience::default(),
            reload: Arc::default(),
        }
    }
}

/// The whole command line.
fn command() -> Command {
    Options::command()
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("A TOML file with any of these options"),
        )
        .subcommand(
            Command::new("check")
                .about("Says whether the server could start so, and everything that is wrong"),
        )
}

impl Order {
    /// Reads the command line (the program's own name first), the environment, and the file that
    /// one of them names.
    ///
    /// # Errors
    /// A question such as `--help`, or something that is no option at all.
    pub fn read(
        args: impl IntoIterator<Item = OsString>,
        var: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, clap::Error> {
        let layers::Gathered {
            matches,
            check_only,
            problems,
            unclear,
        } = layers::gather(command(), args, var)?;
        Ok(Self {
            check_only,
            options: Options::from_arg_matches(&matches)?,
            problems,
            unclear,
        })
    }

    /// What to do, or all that is wrong with it. Makes the server's keys if there are none,
    /// unless it was asked to check only.
    ///
    /// # Errors
    /// [`Problems`]: a sentence for each.
    pub fn plan(self) -> Result<Plan, Problems> {
        let Self {
            check_only,
            options,
            mut problems,
            unclear,
        } = self;
        let Options {
            mut listen,
            tls,
            keys,
            turn,
            nodes,
            downloads,
            logs: _,
        } = options;
        let mut notes = Vec::new();
        listen.public_url = listen.public_url.or_else(|| tls.acme.public_url());
        let state_dir = keys.dir();
        let around = Around {
            listen: listen.listen,
            public_url: listen.public_url.as_ref(),
            own_certificate: tls.own_certificate(),
            state_dir: state_dir.as_deref(),
            several: nodes.redis.is_some(),
            look_only: check_only,
        };
        let said = problems.len();
        let (certificates, acme) = tls.check(&unclear, &around, &mut problems, &mut notes);
        let tls_refused = problems.len() > said;
        listen.check(&unclear, certificates.is_some(), &mut problems, &mut notes);
        let web = Web {
            listen: listen.listen,
            public_url: listen.public_url.as_ref(),
            certificates: certificates.as_ref(),
            tls_refused,
        };
        let turn = turn.check(&unclear, web, &mut problems);
        let others = nodes.check(&unclear, &mut problems);
        let downloads = downloads.check(&mut problems);
        let opened = keys.open(check_only, &mut problems);
        // Without keys there is a problem that says why.
        let (Some((keys, key_file)), true) = (opened, problems.is_empty()) else {
            return Err(Problems(problems));
        };
        Ok(Plan {
            listen: listen.listen,
            admin: listen.admin_listen,
            notes,
            config: Config {
                public_url: listen.public_url,
                tls: certificates,
                acme,
                keys,
                key_file: Some(key_file),
                max_sockets_per_ip: listen.max_sockets_per_ip,
                trusted_proxies: listen.trusted_proxy,
                turn,
                nodes: others,
                downloads,
                patience: Patience {
                    drain: listen.drain_seconds.0,
                    ..Patience::default()
                },
                reload: Arc::default(),
            },
        })
    }
}

#[cfg(test)]
mod tests;
