//! What each screen looks like. Views draw what they are given and return events; text goes
//! into text nodes only.

pub mod card;
pub mod chat;
pub mod connection;
pub mod console;
pub mod ended;
pub mod icon;
pub mod instead;
pub mod join;
pub mod joining;
pub mod keys;
pub mod menu;
pub mod returning;
pub mod screen;
pub mod screens;
pub mod start;
pub mod toolbar;
pub mod trial;
pub mod unable;
