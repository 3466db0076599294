//! Novices' agents and experts' pages, as far as the server knows them.

use std::net::SocketAddr;

use anyhow::{bail, ensure};
use deskhand_protocol::{
    VERSION,
    ice::IceServer,
    id::{InvitationId, JoinId, Route},
    signal::{FromExpert, FromNovice, ToExpert, ToNovice},
};
use rand_core::OsRng;

use crate::{places, socket::Socket};

/// Longer than any run.
const TTL_SECS: u32 = 3600;

/// A novice's agent with one invitation.
pub struct Novice {
    /// Its way to the server.
    pub socket: Socket,
    /// What the server knows the invitation as.
    pub route: Route,
}

impl Novice {
    /// The `n`th socket of the load: comes, and registers.
    ///
    /// # Errors
    /// If the server does not want that.
    pub async fn waits(server: SocketAddr, n: usize) -> anyhow::Result<Self> {
        let mut socket = Socket::connect(server, "/ws/novice", None, places::of(n)).await?;
        socket.say(&FromNovice::Hello { version: VERSION }).await?;
        let route = InvitationId::random(&mut OsRng).route();
        let register = FromNovice::Register {
            route,
            ttl_secs: TTL_SECS,
            token: None,
            file: false,
            number: None,
        };
        socket.say(&register).await?;
        match socket.hear().await? {
            ToNovice::Registered { route: at, .. } if at == route => Ok(Self { socket, route }),
            other => bail!("not registered: {other:?}"),
        }
    }

    /// Hears of an expert.
    ///
    /// # Errors
    /// If the server says something else.
    pub async fn is_joined(&mut self) -> anyhow::Result<JoinId> {
        match self.socket.hear().await? {
            ToNovice::Joined { join, route } if route == self.route => Ok(join),
            other => bail!("nobody joined: {other:?}"),
        }
    }
}

/// The `n`th socket of the load: a page comes, and joins that invitation.
///
/// # Errors
/// If the server does not want that.
pub async fn expert(server: SocketAddr, route: Route, n: usize) -> anyhow::Result<Socket> {
    let origin = format!("http://{server}");
    let place = places::of(n);
    let mut socket = Socket::connect(server, "/ws/expert", Some(&origin), place).await?;
    socket.say(&FromExpert::Hello { version: VERSION }).await?;
    socket.say(&FromExpert::Join { route }).await?;
    let heard: ToExpert = socket.hear().await?;
    ensure!(heard == ToExpert::Joined, "not joined: {heard:?}");
    Ok(socket)
}

/// The novice says yes, and both are told what they may use.
///
/// # Errors
/// If they are not.
pub async fn approve(
    novice: &mut Socket,
    expert: &mut Socket,
    join: JoinId,
) -> anyhow::Result<Vec<IceServer>> {
    novice.say(&FromNovice::Approved { join }).await?;
    match (novice.hear().await?, expert.hear().await?) {
        (ToNovice::IceServers { join: of, servers }, ToExpert::IceServers { servers: others })
            if of == join && servers == others =>
        {
            Ok(servers)
        }
        other => bail!("not both were told of the relay: {other:?}"),
    }
}
