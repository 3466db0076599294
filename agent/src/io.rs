//! What goes into the agent's core (the [`desk`](crate::desk)) and what comes out of it.

use deskhand_protocol::{
    control::{CursorShape, FromExpert, FromNovice, Quality},
    envelope::Candidate,
    handshake::novice::Charged,
    ice::IceServer,
    id::Fingerprint,
    input::{InputEvent, Motion, Position},
    monitor::{Monitors, Shown},
    picture::Codecs,
    signal::{FromNovice as ToServer, ToNovice},
    text::Sdp,
};

use crate::{
    book::kept::Kept,
    consent::ViewGrant,
    front::{Intent, Notice, Rules, Serial},
    hand,
    scope::Scope,
};

/// Everything that can happen.
#[derive(Debug)]
pub enum Input {
    /// The socket to the server.
    Server(ServerEvent),
    /// The store wrote the attempt down, or could not: a sentence says why.
    Charged(Serial, Result<Charged, String>),
    /// The store wrote an invitation down, or could not: a sentence says why.
    Kept(Serial, Result<(), String>),
    /// What the administrator of this computer decided, whenever it changes.
    Rules(Rules),
    /// The connection to the page.
    Peer(PeerEvent),
    /// The picture.
    Media(MediaEvent),
    /// The hand.
    Hand(hand::wire::Event),
    /// The novice.
    Novice(Intent),
    /// Time has passed; see [`Desk::wake`](crate::desk::Desk::wake).
    Tick,
}

/// From the socket to the server, or about it.
#[derive(Debug)]
pub enum ServerEvent {
    /// The one that the novice named is being tried out.
    Checking,
    /// It will do: `https://HOST`. A socket to it is on its way.
    Named(String),
    /// It will not do; a sentence says why.
    Unfit(String),
    /// Connected.
    Up,
    /// Gone; the edge tries again by itself.
    Down,
    /// A message.
    Message(ToNovice),
}

/// From the connection to the page.
#[derive(Debug)]
pub enum PeerEvent {
    /// The offer is made.
    Offer(Sdp),
    /// One of our candidates.
    Candidate(Candidate),
    /// Connected, channels open; this is the certificate the page really showed.
    Connected(Fingerprint),
    /// From channel `control`.
    Control(FromExpert),
    /// From channel `input`.
    Input(InputEvent),
    /// From channel `pointer`.
    Motion(Motion),
    /// Something on a channel that is no message.
    Malformed,
    /// Nothing was heard from the page for [`SILENCE`](crate::peer::SILENCE), or it is heard again.
    Heard(bool),
    /// The connection could not be made in time; a fresh one may succeed.
    Stuck,
    /// The connection is over.
    Closed,
}

/// From the picture.
#[derive(Debug)]
pub enum MediaEvent {
    /// What is shown, at first and whenever it changes.
    Display(Scope),
    /// The monitors, before the first display and whenever they change.
    Monitors(Monitors),
    /// The novice's pointer has another shape.
    CursorShape(CursorShape),
    /// The novice's pointer moved.
    CursorMoved(Position),
    /// The desktop does not answer, or answers again.
    Stalled(bool),
    /// No picture can be had; a sentence says why.
    Failed(String),
}

/// Everything that can be caused.
#[derive(Debug)]
pub enum Output {
    /// To the server.
    Server(ToServer),
    /// Write one attempt at an invitation down, then come back with [`Input::Charged`].
    Charge(Serial),
    /// Write an invitation down, but for its attempts; then come back with [`Input::Kept`].
    Keep(Box<Kept>),
    /// Write down that no attempt at an invitation has failed.
    Clear(Serial),
    /// Delete what is written down of an invitation.
    Forget(Serial),
    /// The novice has been warned, and need not be again.
    Warned,
    /// Write an invitation's file.
    SaveFile(Serial),
    /// Open the mail program with an invitation.
    OpenMail(Serial),
    /// To the connection to the page.
    Peer(PeerCommand),
    /// To the picture.
    Media(MediaCommand),
    /// Start the hand, if it is not running.
    StartHand,
    /// To the hand.
    Hand(hand::wire::Command),
    /// Let the hand end; it releases everything by itself.
    StopHand,
    /// To the front end.
    Tell(Notice),
    /// Over: nothing more will come.
    Done(Outcome),
}

/// To the connection to the page.
#[derive(Debug)]
pub enum PeerCommand {
    /// Make a fresh connection and an offer, with the help of these; a former one is dropped.
    Start(Vec<IceServer>),
    /// The page's answer; its fingerprints have been checked.
    Answer(Sdp),
    /// A candidate of the page's.
    Candidate(Candidate),
    /// Over channel `control`.
    Control(FromNovice),
    /// Over channel `cursor`.
    Cursor(Position),
    /// Send what is waiting, then close.
    Close,
}

/// To the picture.
#[derive(Debug)]
pub enum MediaCommand {
    /// Start capturing, with the proof that the novice allowed it.
    Start(ViewGrant),
    /// Stop or go on showing new pictures.
    Pause(bool),
    /// Show all of it anew.
    Refresh,
    /// The page can decode these videos.
    Decodes(Codecs),
    /// Show this part of the desktop.
    Show(Shown),
    /// The expert looks at it, or does not.
    Look(bool),
    /// The expert wants it so.
    Prefer(Quality),
    /// Stop capturing.
    Stop,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As somebody wished.
    Finished,
    /// The invitation expired or was locked before anybody was helped, or something broke.
    Failed,
}
