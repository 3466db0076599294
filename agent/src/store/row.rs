//! An invitation as a row, and back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deskhand_protocol::{handshake::novice::Record, signal::OwnerToken, text::Name};
use rusqlite::{Row, ToSql, named_params};
use zeroize::Zeroizing;

use crate::{
    book::kept::{Kept, Secrets},
    clock::Expiry,
    front::{Channel, Serial, Standing},
};

/// Every column but the serial, as an assignment from the parameter of the same name. Attempts
/// that were charged stay charged, whatever the rest was made from.
macro_rules! columns {
    () => {
        "channel = :channel, server = :server, made = :made, ends_wall = :ends_wall, ends_boot = :ends_boot,
         standing = :standing, failed = max(failed, :failed), refusals = :refusals, used_by = :used_by,
         keep_open = :keep_open, has_password = :has_password,
         record = :record, link = :link, number = :number, token = :token"
    };
}

/// Adds a row under a serial that was never used.
pub(super) const INSERT: &str = "
    INSERT INTO invitation
    SELECT :serial, :channel, :server, :made, :ends_wall, :ends_boot, :standing, :failed, :refusals,
           :used_by, :keep_open, :has_password, :record, :link, :number, :token
    FROM state WHERE :serial >= next";

/// Writes a whole row anew. What is closed stays closed.
pub(super) const UPDATE: &str = concat!(
    "UPDATE invitation SET ",
    columns!(),
    " WHERE serial = :serial AND (standing = 'open' OR :standing <> 'open')"
);

/// Runs `write` with what [`INSERT`] and [`UPDATE`] need. Nothing that lets anybody in is passed
/// on for an invitation that is closed.
pub(super) fn with_row<T>(kept: &Kept, write: impl FnOnce(&[(&str, &dyn ToSql)]) -> T) -> T {
    let open = !kept.standing.is_closed();
    let secrets = kept.secrets.as_ref().filter(|_| open);
    let token = kept.token.as_ref().filter(|_| open);
    write(named_params! {
        ":serial": kept.serial.0,
        ":channel": channel_name(kept.channel),
        ":server": kept.server,
        ":made": since_epoch(kept.made),
        ":ends_wall": since_epoch(kept.expiry.wall()),
        ":ends_boot": nanoseconds(kept.expiry.boot()),
        ":standing": standing_name(kept.standing),
        ":failed": kept.failed,
        ":refusals": kept.refusals,
        ":used_by": kept.used_by.as_ref().map(Name::as_str),
        ":keep_open": kept.keep_open,
        ":has_password": kept.has_password,
        ":record": secrets.map(|secrets| &*secrets.record),
        ":link": secrets.map(|secrets| &*secrets.link),
        ":number": secrets.and_then(|secrets| secrets.number),
        ":token": token.map(|token| &token.0),
    })
}

/// Reads a row back.
///
/// # Errors
/// What is wrong with it; it was not written by [`with_row`] then.
pub(super) fn read(row: &Row) -> Result<Kept, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let word = |column| row.get::<_, String>(column).map_err(text);
    let used_by: Option<String> = row.get("used_by").map_err(text)?;
    let used_by = used_by
        .map(|name| Name::checked(name).ok_or("a name is out of bounds"))
        .transpose()?;
    let record: Option<Vec<u8>> = row.get("record").map_err(text)?;
    let link: Option<Vec<u8>> = row.get("link").map_err(text)?;
    let secrets = match record.zip(link) {
        None => None,
        Some((record, link)) => Some(Secrets {
            record: Zeroizing::new(record),
            link: Zeroizing::new(link),
            number: row.get("number").map_err(text)?,
        }),
    };
    if let Some(secrets) = &secrets {
        Record::from_bytes(&secrets.record).map_err(|_| "a record cannot be read")?;
    }
    Ok(Kept {
        serial: Serial(row.get("serial").map_err(text)?),
        channel: channel(&word("channel")?).ok_or("a channel is unknown")?,
        server: word("server")?,
        made: time(row.get("made").map_err(text)?),
        expiry: Expiry::at(
            time(row.get("ends_wall").map_err(text)?),
            length(row.get("ends_boot").map_err(text)?),
        ),
        standing: standing(&word("standing")?).ok_or("a standing is unknown")?,
        failed: row.get("failed").map_err(text)?,
        refusals: row.get("refusals").map_err(text)?,
        used_by,
        keep_open: row.get("keep_open").map_err(text)?,
        has_password: row.get("has_password").map_err(text)?,
        secrets,
        token: row
            .get::<_, Option<String>>("token")
            .map_err(text)?
            .map(OwnerToken),
    })
}

const CHANNELS: [Channel; 4] = [Channel::Link, Channel::File, Channel::Mail, Channel::Spoken];

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Link => "link",
        Channel::File => "file",
        Channel::Mail => "mail",
        Channel::Spoken => "spoken",
    }
}

fn channel(name: &str) -> Option<Channel> {
    CHANNELS.into_iter().find(|one| channel_name(*one) == name)
}

const STANDINGS: [Standing; 5] = [
    Standing::Open,
    Standing::Used,
    Standing::Expired,
    Standing::Revoked,
    Standing::Locked,
];

fn standing_name(standing: Standing) -> &'static str {
    match standing {
        // Nobody is here after a restart.
        Standing::Open | Standing::InUse => "open",
        Standing::Used => "used",
        Standing::Expired => "expired",
        Standing::Revoked => "revoked",
        Standing::Locked => "locked",
    }
}

fn standing(name: &str) -> Option<Standing> {
    STANDINGS
        .into_iter()
        .find(|one| standing_name(*one) == name)
}

/// Nanoseconds since 1970, or the nearest that there is a number for.
pub(super) fn since_epoch(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanoseconds(after),
        Err(before) => -nanoseconds(before.duration()),
    }
}

/// Undoes [`since_epoch`].
pub(super) fn time(nanoseconds: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

/// As many, or the most that there is a number for.
pub(super) fn nanoseconds(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

/// Undoes [`nanoseconds`].
pub(super) fn length(nanoseconds: i64) -> Duration {
    Duration::from_nanos(nanoseconds.unsigned_abs())
}
