//! Where the server is reached, by whom, and how often.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    time::Duration,
};

use clap::Args;

use super::problem::Problem;
use crate::{origin::Origin, proxy::Proxy};

/// Addresses.
#[derive(Debug, Clone, Args)]
pub struct ListenOptions {
    /// Address and port to listen on. Anything but this computer itself (127.0.0.1) needs
    /// --public-url, and a certificate or a proxy in front that speaks HTTPS
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

    /// Address of a proxy whose X-Forwarded-For header tells who is calling, or of its network;
    /// several with commas
    #[arg(
        long,
        env = "DESKHAND_TRUSTED_PROXY",
        value_name = "ADDRESS[/BITS]",
        value_delimiter = ','
    )]
    pub trusted_proxy: Vec<Proxy>,

    /// Connections one address may hold at a time. Without it: 20, and 1000 for this computer
    #[arg(
        long,
        env = "DESKHAND_MAX_SOCKETS_PER_IP",
        value_name = "NUMBER",
        value_parser = count
    )]
    pub max_sockets_per_ip: Option<NonZeroUsize>,

    /// Address and port for operators: /healthz, /readyz, and /metrics for Prometheus. In the
    /// clear and for everybody who reaches it, so keep it inside
    #[arg(
        long,
        env = "DESKHAND_ADMIN_LISTEN",
        value_name = "ADDRESS:PORT",
        value_parser = listen_address
    )]
    pub admin_listen: Option<SocketAddr>,

    /// How long SIGTERM waits for those who are being introduced, at most
    #[arg(
        long,
        env = "DESKHAND_DRAIN_SECONDS",
        default_value = "10",
        value_name = "SECONDS",
        value_parser = seconds
    )]
    pub drain_seconds: Seconds,
}

/// A duration in whole seconds.
#[derive(Debug, Clone, Copy)]
pub struct Seconds(pub Duration);

impl ListenOptions {
    /// `unclear`: options whose values were not understood, and are not missing for that.
    pub(super) fn check(
        &self,
        unclear: &BTreeSet<String>,
        tls: bool,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<String>,
    ) {
        let reachable = !self.listen.ip().to_canonical().is_loopback();
        if reachable && self.public_url.is_none() && !unclear.contains("public-url") {
            problems.push(Problem::NeedsPublicUrl(self.listen));
        }
        if self.admin_listen == Some(self.listen) && self.listen.port() != 0 {
            problems.push(Problem::Combination(format!(
                "--listen and --admin-listen are both {}. Give operators an address of their own.",
                self.listen
            )));
        }
        if self
            .public_url
            .as_ref()
            .is_some_and(Origin::shows_who_meets)
        {
            notes.push(
                "Without https:// everybody in this network can see who meets whom and when. Helpers need the invitation as a file, since browsers show no screen on this server's own page."
                    .to_owned(),
            );
        } else if self.public_url.is_some() && !tls && self.trusted_proxy.is_empty() {
            notes.push(
                "Without --trusted-proxy all who come through the proxy count as one visitor."
                    .to_owned(),
            );
        }
    }
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

fn count(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse()
        .map_err(|_| "It has to be a whole number from 1 on")
}

fn seconds(text: &str) -> Result<Seconds, &'static str> {
    match text.parse() {
        Ok(seconds @ 0..=3600) => Ok(Seconds(Duration::from_secs(seconds))),
        _ => Err("It has to be a whole number of seconds, from 0 to 3600"),
    }
}
