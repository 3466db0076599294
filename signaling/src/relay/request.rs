//! What clients ask for, and the answers: all of it signed with what their session was lent.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use super::{
    Allocation, Client, Relay, Step, Wanted,
    allocation::Unbound,
    lease::Purpose,
    reach::is_global,
    stun::{Class, Key, Message, Method, Writer, attribute},
};

/// What an allocation lives, unless more is asked for.
const LIFETIME: Duration = Duration::from_mins(10);
/// And at most.
const MAX_LIFETIME: Duration = Duration::from_hours(1);
/// The number of UDP in [`attribute::REQUESTED_TRANSPORT`].
const UDP: u8 = 17;
/// What channels may be numbered.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7fff;

/// Why a request is refused: the code and its words.
type Refusal = (u16, &'static str);

const BAD_REQUEST: Refusal = (400, "Bad Request");
const UNAUTHORIZED: Refusal = (401, "Unauthorized");
const FORBIDDEN: Refusal = (403, "Forbidden");
const UNKNOWN_ATTRIBUTE: Refusal = (420, "Unknown Attribute");
const MISMATCH: Refusal = (437, "Allocation Mismatch");
const STALE_NONCE: Refusal = (438, "Stale Nonce");
const FAMILY_NOT_SUPPORTED: Refusal = (440, "Address Family not Supported");
const WRONG_CREDENTIALS: Refusal = (441, "Wrong Credentials");
const TRANSPORT_NOT_SUPPORTED: Refusal = (442, "Unsupported Transport Protocol");
const FAMILY_MISMATCH: Refusal = (443, "Peer Address Family Mismatch");
const QUOTA_REACHED: Refusal = (486, "Allocation Quota Reached");
const NO_CAPACITY: Refusal = (508, "Insufficient Capacity");

/// A request that its session has signed.
struct Asked<'m, 'a> {
    client: Client,
    message: &'m Message<'a>,
    username: String,
    key: Key,
}

impl Asked<'_, '_> {
    fn refuse(&self, refusal: Refusal) -> Vec<u8> {
        refused(self.message, refusal).sign(&self.key).finish()
    }

    fn done(&self) -> Writer {
        Writer::new(
            Class::Success,
            self.message.method,
            &self.message.transaction,
        )
    }
}

impl Wanted {
    fn refuse(&self, (code, reason): Refusal) -> Vec<u8> {
        Writer::new(Class::Error, Method::Allocate, &self.transaction)
            .error(code, reason)
            .sign(&self.key)
            .finish()
    }
}

impl<S: Clone> Relay<S> {
    pub(super) fn request<'a>(
        &mut self,
        client: Client,
        message: &Message<'a>,
        own: impl Fn(IpAddr) -> bool,
        now: Instant,
    ) -> Step<'a, S> {
        let asked = match self.authenticate(client, message, now) {
            Ok(asked) => asked,
            Err(answer) => return self.unproven(client, answer, now),
        };
        let unknown = message.unknown();
        if !unknown.is_empty() {
            let answer = not_understood(message, &unknown).sign(&asked.key);
            return Step::Answer(answer.finish());
        }
        let answered = match message.method {
            Method::Allocate => match self.allocate(&asked, now) {
                Ok(step) => return step,
                Err(refusal) => Err(refusal),
            },
            Method::Refresh => self.refresh(&asked, now),
            Method::CreatePermission => self.permit(&asked, own, now),
            Method::ChannelBind => self.bind(&asked, own, now),
            Method::Binding | Method::Send | Method::Data | Method::Other(_) => Err(BAD_REQUEST),
        };
        Step::Answer(match answered {
            Ok(writer) => writer.sign(&asked.key).finish(),
            Err(UNAUTHORIZED) => self.challenge(client, message, UNAUTHORIZED, now),
            Err(refusal) => asked.refuse(refusal),
        })
    }

    /// Finds out whose request it is
    /// ([RFC 8489 §9.2.4](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.4)).
    fn authenticate<'m, 'a>(
        &self,
        client: Client,
        message: &'m Message<'a>,
        now: Instant,
    ) -> Result<Asked<'m, 'a>, Vec<u8>> {
        if !message.is_signed() {
            return Err(self.challenge(client, message, UNAUTHORIZED, now));
        }
        let (Some(username), Some(realm), Some(nonce)) = (
            message.text(attribute::USERNAME),
            message.text(attribute::REALM),
            message.text(attribute::NONCE),
        ) else {
            return Err(refused(message, BAD_REQUEST).finish());
        };
        if !self.nonces.is_good(nonce, client, now) {
            return Err(self.challenge(client, message, STALE_NONCE, now));
        }
        let lease = self.leases.get(username).filter(|lease| {
            realm == self.realm && lease.stands(now) && message.is_signed_by(&lease.key)
        });
        match lease {
            Some(lease) => Ok(Asked {
                client,
                message,
                username: username.to_owned(),
                key: lease.key.clone(),
            }),
            None => Err(self.challenge(client, message, UNAUTHORIZED, now)),
        }
    }

    fn challenge(
        &self,
        client: Client,
        message: &Message<'_>,
        refusal: Refusal,
        now: Instant,
    ) -> Vec<u8> {
        refused(message, refusal)
            .attribute(attribute::REALM, self.realm.as_bytes())
            .attribute(attribute::NONCE, self.nonces.make(client, now).as_bytes())
            .finish()
    }

    fn allocate<'a>(&self, asked: &Asked<'_, '_>, now: Instant) -> Result<Step<'a, S>, Refusal> {
        if let Some(known) = self.allocations.get(&asked.client) {
            let repeated =
                known.transaction == asked.message.transaction && known.username == asked.username;
            if !repeated {
                return Err(MISMATCH);
            }
            let left = known.expires.saturating_duration_since(now);
            let answer = allocated(asked.done(), known.relayed, left, asked.client);
            return Ok(Step::Answer(answer.sign(&asked.key).finish()));
        }
        match asked.message.get(attribute::REQUESTED_TRANSPORT) {
            Some([UDP, _, _, _]) => {}
            Some([_, _, _, _]) => return Err(TRANSPORT_NOT_SUPPORTED),
            Some(_) | None => return Err(BAD_REQUEST),
        }
        let wanted = family(asked)?;
        let fits = |ip: &IpAddr| wanted.is_none_or(|family| family == Family::of(*ip));
        let ip = self.public.ips().find(fits).ok_or(FAMILY_NOT_SUPPORTED)?;
        let lifetime = lifetime(asked)?;
        self.room(&asked.username, now)?;
        Ok(Step::Open(Wanted {
            client: asked.client,
            ip,
            username: asked.username.clone(),
            key: asked.key.clone(),
            transaction: asked.message.transaction,
            // Nobody frees at once what was just made.
            lifetime: lifetime.max(LIFETIME),
        }))
    }

    /// Whether this session may have one more allocation.
    fn room(&self, username: &str, now: Instant) -> Result<(), Refusal> {
        let lease = self.leases.get(username).ok_or(UNAUTHORIZED)?;
        if !lease.may_grow(now) {
            Err(UNAUTHORIZED)
        } else if lease.allocations >= lease.most_allocations {
            Err(QUOTA_REACHED)
        } else if self.allocations.len() >= self.bounds.allocations {
            Err(NO_CAPACITY)
        } else {
            Ok(())
        }
    }

    /// The socket is open, at this port; gives the answer for the client. Since it was wanted
    /// others may have taken what there was, or the session may have ended: then `carrier` is
    /// dropped.
    pub fn opened(&mut self, wanted: Wanted, port: u16, carrier: S, now: Instant) -> Vec<u8> {
        if self.allocations.contains_key(&wanted.client) {
            return wanted.refuse(MISMATCH);
        }
        if let Err(refusal) = self.room(&wanted.username, now) {
            return wanted.refuse(refusal);
        }
        let Wanted {
            client,
            ip,
            username,
            key,
            transaction,
            lifetime,
        } = wanted;
        let relayed = SocketAddr::new(ip, port);
        if let Some(lease) = self.leases.get_mut(&username) {
            lease.allocations += 1;
        }
        let expires = now + lifetime;
        let allocation = Allocation::new(relayed, username, transaction, expires, carrier);
        self.allocations.insert(client, allocation);
        self.relayed.insert(relayed, client);
        let done = Writer::new(Class::Success, Method::Allocate, &transaction);
        allocated(done, relayed, lifetime, client)
            .sign(&key)
            .finish()
    }

    /// No socket is to be had; gives the answer for the client.
    pub fn not_opened(wanted: &Wanted) -> Vec<u8> {
        wanted.refuse(NO_CAPACITY)
    }

    fn refresh(&mut self, asked: &Asked<'_, '_>, now: Instant) -> Result<Writer, Refusal> {
        let lifetime = lifetime(asked)?;
        let wanted = family(asked)?;
        let allocation = self.allocation(asked)?;
        if wanted.is_some_and(|family| family != Family::of(allocation.relayed.ip())) {
            return Err(FAMILY_MISMATCH);
        }
        if lifetime.is_zero() {
            self.gone(asked.client);
        } else {
            allocation.expires = now + lifetime;
        }
        Ok(with_lifetime(asked.done(), lifetime))
    }

    fn permit(
        &mut self,
        asked: &Asked<'_, '_>,
        own: impl Fn(IpAddr) -> bool,
        now: Instant,
    ) -> Result<Writer, Refusal> {
        let relayed = self.allocation(asked)?.relayed;
        let most = self.bounds.peers;
        let mut peers = BTreeMap::new();
        for peer in asked.message.addresses(attribute::XOR_PEER_ADDRESS) {
            let peer = peer.ok_or(BAD_REQUEST)?;
            peers.insert(peer.ip(), peer);
            // One request can name thousands, and to look at one is work for the system.
            if peers.len() > most {
                return Err(NO_CAPACITY);
            }
        }
        if peers.is_empty() {
            return Err(BAD_REQUEST);
        }
        for peer in peers.values() {
            self.admit(asked, relayed, *peer, &own)?;
        }
        let ips: Vec<IpAddr> = peers.into_keys().collect();
        if self.allocation(asked)?.permit(&ips, most, now) {
            Ok(asked.done())
        } else {
            Err(NO_CAPACITY)
        }
    }

    fn bind(
        &mut self,
        asked: &Asked<'_, '_>,
        own: impl Fn(IpAddr) -> bool,
        now: Instant,
    ) -> Result<Writer, Refusal> {
        let relayed = self.allocation(asked)?.relayed;
        let number = match asked.message.get(attribute::CHANNEL_NUMBER) {
            Some([high, low, _, _]) => u16::from_be_bytes([*high, *low]),
            Some(_) | None => return Err(BAD_REQUEST),
        };
        let mut peers = asked.message.addresses(attribute::XOR_PEER_ADDRESS);
        let (Some(Some(peer)), None) = (peers.next(), peers.next()) else {
            return Err(BAD_REQUEST);
        };
        if !CHANNELS.contains(&number) {
            return Err(BAD_REQUEST);
        }
        self.admit(asked, relayed, peer, &own)?;
        let most = self.bounds.peers;
        match self.allocation(asked)?.bind(number, peer, most, now) {
            Ok(()) => Ok(asked.done()),
            Err(Unbound::Taken) => Err(BAD_REQUEST),
            Err(Unbound::Full) => Err(NO_CAPACITY),
        }
    }

    fn allocation(&mut self, asked: &Asked<'_, '_>) -> Result<&mut Allocation<S>, Refusal> {
        let allocation = self.allocations.get_mut(&asked.client).ok_or(MISMATCH)?;
        if allocation.username != asked.username {
            return Err(WRONG_CREDENTIALS);
        }
        Ok(allocation)
    }

    /// Whether that peer may be reached from there at all.
    fn admit(
        &self,
        asked: &Asked<'_, '_>,
        relayed: SocketAddr,
        peer: SocketAddr,
        own: impl Fn(IpAddr) -> bool,
    ) -> Result<(), Refusal> {
        if relayed.is_ipv4() != peer.is_ipv4() {
            return Err(FAMILY_MISMATCH);
        }
        let ip = peer.ip();
        // Under an address of the relay's, allocations of the same session are found, and nothing
        // else: `Relay::carry`.
        if self.public.contains(ip) {
            return Ok(());
        }
        let lease = self.leases.get(&asked.username);
        let session = lease.is_some_and(|lease| lease.purpose == Purpose::Session);
        if session && is_global(ip) && !own(ip) {
            Ok(())
        } else {
            Err(FORBIDDEN)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

fn family(asked: &Asked<'_, '_>) -> Result<Option<Family>, Refusal> {
    match asked.message.get(attribute::REQUESTED_ADDRESS_FAMILY) {
        None => Ok(None),
        Some([1, _, _, _]) => Ok(Some(Family::V4)),
        Some([2, _, _, _]) => Ok(Some(Family::V6)),
        Some([_, _, _, _]) => Err(FAMILY_NOT_SUPPORTED),
        Some(_) => Err(BAD_REQUEST),
    }
}

/// How long it shall live; zero is the wish to end it.
fn lifetime(asked: &Asked<'_, '_>) -> Result<Duration, Refusal> {
    let wanted = match asked.message.get(attribute::LIFETIME) {
        None => return Ok(LIFETIME),
        Some(value) => <[u8; 4]>::try_from(value).map_err(|_| BAD_REQUEST)?,
    };
    Ok(match u32::from_be_bytes(wanted) {
        0 => Duration::ZERO,
        secs => Duration::from_secs(secs.into()).clamp(LIFETIME, MAX_LIFETIME),
    })
}

fn with_lifetime(writer: Writer, lifetime: Duration) -> Writer {
    let secs = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
    writer.attribute(attribute::LIFETIME, &secs.to_be_bytes())
}

fn allocated(done: Writer, relayed: SocketAddr, lifetime: Duration, client: Client) -> Writer {
    with_lifetime(
        done.address(attribute::XOR_RELAYED_ADDRESS, relayed),
        lifetime,
    )
    .address(attribute::XOR_MAPPED_ADDRESS, client.address)
}

fn refused(message: &Message<'_>, (code, reason): Refusal) -> Writer {
    Writer::new(Class::Error, message.method, &message.transaction).error(code, reason)
}

/// The answer to a request with attributes that nobody may ignore, and that are unknown here.
pub(super) fn not_understood(message: &Message<'_>, unknown: &[u16]) -> Writer {
    let kinds: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    refused(message, UNKNOWN_ATTRIBUTE).attribute(attribute::UNKNOWN_ATTRIBUTES, &kinds)
}
