//! The few things all screens are made of.

mod button;
mod choice;
mod field;
mod icon;
mod layout;
mod text;

pub(super) use button::{Button, Purpose};
pub(super) use choice::{choice, option, tick};
pub(super) use field::{field, read_only};
pub(super) use icon::{Icon, icon};
pub(super) use layout::{above, below, footer, page};
pub(super) use text::{
    announced, body, bullet, card, danger_cap, heading, hint, key_cap, loud, pill, strip, title,
};
