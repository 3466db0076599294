//! Made-up invitations.

use std::time::Duration;

use deskhand_agent::{
    clock::Now,
    front::{Channel, Invitation, Password, Reach, Serial, Standing},
};
use deskhand_protocol::text::Name;

/// Open for another 58 minutes, with a password, and to be reached in this way.
pub fn open(serial: u32, channel: Channel, now: Now) -> Invitation {
    let spoken = channel == Channel::Spoken;
    Invitation {
        serial: Serial(serial),
        channel,
        standing: Standing::Open,
        made: now.wall - Duration::from_mins(2),
        ends: now.wall + Duration::from_mins(58),
        failed: 0,
        used_by: None,
        keep_open: false,
        reach: Reach::Ready,
        link: (!spoken).then(|| {
            "https://help.example.org/#1.kP3vX0aTq5mE8sYtRwZbLg.Jc2nU7hQdVf4oGi9xKzB1A.p".into()
        }),
        number: spoken.then(|| "482 913 067".into()),
        server: "https://help.example.org".into(),
        password: Password::Known(if spoken {
            "amber lamp river stone".into()
        } else {
            "k7mp-q2rs".into()
        }),
    }
}

/// Made an hour before it was closed; nobody can come through it any more.
pub fn closed(serial: u32, channel: Channel, standing: Standing, now: Now) -> Invitation {
    let age = Duration::from_hours(3 * u64::from(10 - serial));
    Invitation {
        standing,
        made: now.wall - age,
        ends: now.wall - age + Duration::from_hours(1),
        failed: if standing == Standing::Locked { 5 } else { 0 },
        used_by: (standing == Standing::Used).then(|| Name::new("Maria")),
        link: None,
        number: None,
        password: Password::Forgotten,
        ..open(serial, channel, now)
    }
}

/// One of every kind, newest first.
pub fn all(now: Now) -> Vec<Invitation> {
    vec![
        Invitation {
            failed: 2,
            ..open(7, Channel::Link, now)
        },
        Invitation {
            standing: Standing::InUse,
            used_by: Some(Name::new("Maria")),
            keep_open: true,
            reach: Reach::Ready,
            ..open(6, Channel::Spoken, now)
        },
        closed(5, Channel::Mail, Standing::Used, now),
        closed(4, Channel::File, Standing::Expired, now),
        closed(3, Channel::Spoken, Standing::Revoked, now),
        closed(2, Channel::Link, Standing::Locked, now),
    ]
}
