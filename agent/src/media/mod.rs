//! Media: damage, grab, convert, encode, packets.
//!
//! Latest frame wins; nothing is unbounded between capture and socket.
