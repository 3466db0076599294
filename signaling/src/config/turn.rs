//! The options of the relay.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
};

use clap::Args;
use deskhand_protocol::ice::{self, IceUrl, Scheme};

use super::{
    problem::Problem,
    secret::{self, SecretError},
};
use crate::{
    origin::Origin,
    relay::{
        Bounds, Public,
        edge::{OverTls, Settings, TlsAt},
        lend::Outside,
    },
    tls::Certificates,
};

/// What helps those who cannot reach each other directly: the relay inside, or another one.
#[derive(Debug, Clone, Args)]
pub struct TurnOptions {
    /// Address of this server as seen from outside. Turns the relay (TURN) on, for sessions that
    /// no direct way leads to. One of IP version 4, one of 6, or both with a comma
    #[arg(
        long,
        env = "DESKHAND_TURN_PUBLIC_IP",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub turn_public_ip: Vec<IpAddr>,

    /// Where the relay listens, for UDP and for TCP. Without it: on port 3478 of its public
    /// addresses, or of all that this computer has, if it has none of those itself
    #[arg(long, env = "DESKHAND_TURN_LISTEN", value_name = "ADDRESS:PORT")]
    pub turn_listen: Option<SocketAddr>,

    /// Where the relay listens for TLS besides, for networks that let nothing else through; it needs
    /// --tls-cert. The same as --listen lets both share that port
    #[arg(long, env = "DESKHAND_TURN_TLS_LISTEN", value_name = "ADDRESS:PORT")]
    pub turn_tls_listen: Option<SocketAddr>,

    /// UDP ports that the relay uses for what it relays
    #[arg(
        long,
        env = "DESKHAND_TURN_PORTS",
        default_value = "49152-65535",
        value_name = "FIRST-LAST",
        value_parser = ports
    )]
    pub turn_ports: RangeInclusive<u16>,

    /// How much the relay carries for one session, both ways together, in kbit/s
    #[arg(
        long,
        env = "DESKHAND_TURN_MAX_KBIT",
        default_value_t = 20_000,
        value_name = "KBIT",
        value_parser = clap::value_parser!(u32).range(100..)
    )]
    pub turn_max_kbit: u32,

    /// Another relay to use instead, such as coturn with use-auth-secret:
    /// `turn:turn.example.org:3478?transport=udp`; several with commas
    #[arg(
        long,
        env = "DESKHAND_TURN_URL",
        value_name = "URL",
        value_delimiter = ','
    )]
    pub turn_url: Vec<IceUrl>,

    /// File with the secret that is shared with that relay (static-auth-secret), which nobody
    /// else may read
    #[arg(long, env = "DESKHAND_TURN_SECRET_FILE", value_name = "FILE")]
    pub turn_secret_file: Option<PathBuf>,
}

/// What the relay may share with the web.
#[derive(Debug, Clone, Copy)]
pub struct Web<'a> {
    /// Where that listens.
    pub listen: SocketAddr,
    /// Where people find it.
    pub public_url: Option<&'a Origin>,
    /// With what it speaks TLS.
    pub certificates: Option<&'a Certificates>,
    /// Whether it has been said already why it cannot.
    pub tls_refused: bool,
}

impl TurnOptions {
    /// What it is, or nothing and a problem. `unclear`: options whose values were not understood,
    /// and are not missing for that.
    pub(super) fn check(
        self,
        unclear: &BTreeSet<String>,
        web: Web<'_>,
        problems: &mut Vec<Problem>,
    ) -> Turn {
        match Turn::new(self, web) {
            Ok(turn) => return turn,
            Err(TurnError::Off(_)) if unclear.contains("turn-public-ip") => {}
            Err(TurnError::NeedsSecret(_)) if unclear.contains("turn-secret-file") => {}
            Err(error) => problems.push(error.into()),
        }
        Turn::Off
    }
}

/// `FIRST-LAST`.
fn ports(text: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let read = || {
        let (first, last) = text.split_once('-')?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (1024 <= first && first <= last).then_some(first..=last)
    };
    read().ok_or("It has to be two ports from 1024 to 65535, such as 49152-65535")
}

/// Why the relay cannot be as it was wished for. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    /// No computer is found there.
    #[error("{0} is no address that others find this server at. Correct --turn-public-ip.")]
    NoAddress(IpAddr),
    /// Two of one family.
    #[error(
        "--turn-public-ip takes one address of IP version 4 and one of IP version 6, and no more."
    )]
    TooManyAddresses,
    /// It is off, so it can listen nowhere.
    #[error("{0} is of use only with --turn-public-ip, which turns the relay on.")]
    Off(&'static str),
    /// There is nothing to speak TLS with.
    #[error(
        "--turn-tls-listen needs a certificate of the server's own: give it with --tls-cert and --tls-key. Behind a proxy that speaks HTTPS the relay cannot be spoken to over TLS."
    )]
    NeedsCertificate,
    /// Nobody would take the relay for what it is.
    #[error(
        "--turn-tls-listen needs a certificate for the host of --public-url or an address of --turn-public-ip, which that of --tls-cert is not: nobody would believe it."
    )]
    WrongCertificate,
    /// Two relays at once.
    #[error("--turn-public-ip is for the relay inside, --turn-url for another one: not both.")]
    Both,
    /// Credentials could not be made.
    #[error(
        "{0} needs a password for each session, which is made from a secret that both know. Give the file with it by --turn-secret-file."
    )]
    NeedsSecret(IceUrl),
    /// The secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Anybody could guess it.
    #[error(
        "The file {} has to hold a secret of at least 16 characters. Make one with: openssl rand -hex 32",
        file.display()
    )]
    Weak {
        /// Which.
        file: PathBuf,
    },
    /// More than clients are told of.
    #[error("--turn-url takes at most {} addresses.", ice::MAX_SERVERS)]
    TooManyUrls,
}

impl TurnError {
    /// Whether what was said has to change, and not something on the disk.
    pub(super) fn is_of_the_order(&self) -> bool {
        !matches!(self, Self::Secret(_) | Self::Weak { .. })
    }
}

/// What helps those who cannot reach each other directly.
#[derive(Debug, Clone)]
pub enum Turn {
    /// Nothing.
    Off,
    /// The relay inside.
    Inside(Settings),
    /// Another one.
    Outside(Outside),
}

impl Turn {
    /// What there is to be.
    ///
    /// # Errors
    /// [`TurnError`].
    pub fn new(options: TurnOptions, web: Web<'_>) -> Result<Self, TurnError> {
        match (&options.turn_public_ip[..], &options.turn_url[..]) {
            ([], []) if options.turn_listen.is_some() => {
                return Err(TurnError::Off("--turn-listen"));
            }
            ([], _) if options.turn_tls_listen.is_some() => {
                return Err(TurnError::Off("--turn-tls-listen"));
            }
            ([_, ..], [_, ..]) => return Err(TurnError::Both),
            _ => {}
        }
        if !options.turn_url.is_empty() {
            return outside(options.turn_url, options.turn_secret_file).map(Self::Outside);
        }
        if options.turn_public_ip.is_empty() {
            return Ok(Self::Off);
        }
        let mut public = Public { v4: None, v6: None };
        for ip in options.turn_public_ip {
            if ip.is_unspecified() || ip.is_multicast() {
                return Err(TurnError::NoAddress(ip));
            }
            let taken = match ip.to_canonical() {
                IpAddr::V4(ip) => public.v4.replace(ip).is_some(),
                IpAddr::V6(ip) => public.v6.replace(ip).is_some(),
            };
            if taken {
                return Err(TurnError::TooManyAddresses);
            }
        }
        let tls = match options.turn_tls_listen {
            Some(listen) => over_tls(listen, public, web)?,
            None => None,
        };
        Ok(Self::Inside(Settings {
            listen: options.turn_listen,
            tls,
            public,
            ports: options.turn_ports,
            bounds: Bounds {
                bytes_per_second: u64::from(options.turn_max_kbit) * 1_000 / 8,
                ..Bounds::default()
            },
        }))
    }
}

/// How the relay is spoken to over TLS; nothing, if it has been said already why that cannot be.
fn over_tls(
    listen: SocketAddr,
    public: Public,
    web: Web<'_>,
) -> Result<Option<OverTls>, TurnError> {
    let Some(certificates) = web.certificates else {
        return if web.tls_refused {
            Ok(None)
        } else {
            Err(TurnError::NeedsCertificate)
        };
    };
    let named = web.public_url.map(|url| url.host().to_owned());
    let host = named
        .into_iter()
        .chain(public.ips().map(|ip| ip.to_string()))
        // One that is awaited will be for that host.
        .find(|host| certificates.life().is_none() || certificates.are_for(host))
        .ok_or(TurnError::WrongCertificate)?;
    let at = if listen == web.listen && listen.port() != 0 {
        TlsAt::Web(web.public_url.map_or(listen.port(), Origin::port))
    } else {
        TlsAt::Own(listen, certificates.clone())
    };
    Ok(Some(OverTls { host, at }))
}

fn outside(urls: Vec<IceUrl>, file: Option<PathBuf>) -> Result<Outside, TurnError> {
    if urls.len() > ice::MAX_SERVERS {
        return Err(TurnError::TooManyUrls);
    }
    let Some(file) = file else {
        return match urls.iter().find(|url| url.scheme != Scheme::Stun) {
            Some(url) => Err(TurnError::NeedsSecret(url.clone())),
            None => Ok(Outside::new(urls, Vec::new())),
        };
    };
    let secret = secret::read("the relay's secret", &file)?;
    let secret = secret.trim().as_bytes().to_vec();
    if secret.len() < 16 {
        return Err(TurnError::Weak { file });
    }
    Ok(Outside::new(urls, secret))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use clap::Parser as _;

    use super::*;
    use crate::config::Options;

    fn turn(args: &[&str]) -> Result<Turn, String> {
        turn_beside(args, None)
    }

    /// With what the web speaks TLS with.
    fn turn_beside(args: &[&str], certificates: Option<&Certificates>) -> Result<Turn, String> {
        let options = Options::try_parse_from([&["deskhand-server"], args].concat())
            .map_err(|e| e.to_string())?;
        let web = Web {
            listen: options.listen.listen,
            public_url: options.listen.public_url.as_ref(),
            certificates,
            tls_refused: false,
        };
        Turn::new(options.turn, web).map_err(|e| e.to_string())
    }

    #[test]
    fn one_option_turns_the_relay_on() {
        assert!(matches!(turn(&[]), Ok(Turn::Off)));
        let Ok(Turn::Inside(settings)) = turn(&["--turn-public-ip", "25.64.0.1"]) else {
            panic!("it is off");
        };
        assert_eq!(settings.listen, None);
        assert_eq!(settings.ports, 49_152..=65_535);
        assert_eq!(settings.bounds.bytes_per_second, 2_500_000);
        let Ok(Turn::Inside(both)) = turn(&["--turn-public-ip", "25.64.0.1,2a00::1"]) else {
            panic!("it is off");
        };
        let public = ["25.64.0.1", "2a00::1"].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert_eq!(both.public.ips().collect::<Vec<_>>(), public);
    }

    /// Where the relay is spoken to over TLS, and whether that is the web's port.
    #[test]
    fn tls_needs_a_certificate_for_a_host_that_others_find() {
        let on = ["--turn-public-ip", "25.64.0.1", "--turn-tls-listen"];
        let (own, shared) = (["0.0.0.0:5349"], ["0.0.0.0:443", "--listen", "0.0.0.0:443"]);
        let said = turn(&[&on[..], &own].concat()).unwrap_err();
        assert!(said.contains("--tls-cert"), "{said}");
        let over_tls = |name: &str, args: &[&str]| {
            let folder = tempfile::tempdir().unwrap();
            let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
            fs::write(&cert, made.cert.pem()).unwrap();
            fs::write(&key, made.signing_key.serialize_pem()).unwrap();
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
            let certificates = Certificates::open(cert, key).unwrap();
            match turn_beside(&[&on[..], args].concat(), Some(&certificates))? {
                Turn::Inside(Settings { tls: Some(tls), .. }) => {
                    let port = match tls.at {
                        TlsAt::Own(address, _) => format!("own {}", address.port()),
                        TlsAt::Web(port) => format!("web's {port}"),
                    };
                    Ok(format!("{} {port}", tls.host))
                }
                other => Err(format!("{other:?}")),
            }
        };
        let url = ["--public-url", "https://help.example.org:8443"];
        let name = "help.example.org";
        for (host, args, at) in [
            (name, [&own[..], &url].concat(), "own 5349"),
            (name, [&shared[..], &url].concat(), "web's 8443"),
            ("25.64.0.1", own.to_vec(), "own 5349"),
            ("25.64.0.1", [&shared[..], &url].concat(), "web's 8443"),
        ] {
            assert_eq!(over_tls(host, &args), Ok(format!("{host} {at}")));
        }
        let said = over_tls("else.example.org", &[&own[..], &url].concat());
        assert!(said.unwrap_err().contains("nobody would believe it"));
    }

    #[test]
    fn another_relay_needs_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let path = file.to_str().unwrap();
        let url = "turn:turn.example.org?transport=udp";
        let args = ["--turn-url", url, "--turn-secret-file", path];
        assert!(turn(&args[..2]).unwrap_err().contains("--turn-secret-file"));
        assert!(turn(&args).unwrap_err().contains("cannot be read"));
        fs::write(&file, "short\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(turn(&args).unwrap_err().contains("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(turn(&args).unwrap_err().contains("at least 16"));
        fs::write(&file, "0123456789abcdef\n").unwrap();
        assert!(matches!(turn(&args), Ok(Turn::Outside(_))));
        let stun = ["--turn-url", "stun:turn.example.org"];
        assert!(
            matches!(turn(&stun), Ok(Turn::Outside(_))),
            "nothing to open"
        );
    }

    #[test]
    fn wrong_options_are_answered_with_a_sentence() {
        let table: &[(&[&str], &str)] = &[
            (
                &["--turn-public-ip", "0.0.0.0"],
                "no address that others find",
            ),
            (&["--turn-public-ip", "25.64.0.1,25.64.0.2"], "and no more"),
            (&["--turn-public-ip", "here"], "--turn-public-ip"),
            (&["--turn-ports", "5-9"], "two ports from 1024"),
            (&["--turn-ports", "60000-50000"], "two ports from 1024"),
            (&["--turn-max-kbit", "1"], "--turn-max-kbit"),
            (&["--turn-listen", "0.0.0.0:1"], "--turn-listen is of use"),
            (
                &["--turn-tls-listen", "0.0.0.0:1"],
                "--turn-tls-listen is of use only with --turn-public-ip",
            ),
            (&["--turn-url", "https://example.org"], "looks like turn:"),
            (
                &["--turn-url", "turn:a", "--turn-public-ip", "25.64.0.1"],
                "not both",
            ),
        ];
        for (args, sentence) in table {
            let said = turn(args).unwrap_err();
            assert!(said.contains(sentence), "{said}");
        }
    }
}
