//! An update is longer than a packet: what one packet carries of it. Pure.

/// Bytes of a piece before its data: as what it left, its number, and whether an update begins or
/// ends with it.
const HEAD: usize = 5;
const BEGINS: u8 = 1;
const ENDS: u8 = 2;

/// What one packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// As what it left: consecutive over all packets of a connection, so that each repetition has
    /// a number of its own, by which the page [reports](super::Arrivals) it; wraps around.
    pub departure: u16,
    /// Consecutive from 0 on over all updates of a connection; wraps around.
    pub number: u16,
    /// It is the first of its update.
    pub begins: bool,
    /// It is the last of its update.
    pub ends: bool,
    /// What it carries; not empty.
    pub data: &'a [u8],
}

impl<'a> Piece<'a> {
    /// Cuts an update into pieces of at most so many bytes, numbered from `first` on. None has left
    /// yet.
    pub fn cut(update: &'a [u8], first: u16, most: usize) -> impl Iterator<Item = Self> {
        let chunks = update.chunks(most.saturating_sub(HEAD).max(1));
        let count = chunks.len();
        let numbers = std::iter::successors(Some(first), |number| Some(number.wrapping_add(1)));
        chunks
            .zip(numbers)
            .enumerate()
            .map(move |(nth, (data, number))| Self {
                departure: 0,
                number,
                begins: nth == 0,
                ends: nth + 1 == count,
                data,
            })
    }

    /// As it goes over the wire.
    pub fn encode(&self) -> Vec<u8> {
        let begins = if self.begins { BEGINS } else { 0 };
        let ends = if self.ends { ENDS } else { 0 };
        let mut bytes = Vec::with_capacity(HEAD + self.data.len());
        bytes.extend(self.departure.to_be_bytes());
        bytes.extend(self.number.to_be_bytes());
        bytes.push(begins | ends);
        bytes.extend(self.data);
        bytes
    }

    /// What [`Self::encode`] made, as it leaves now.
    pub fn leaving(encoded: &[u8], departure: u16) -> Vec<u8> {
        let mut bytes = encoded.to_vec();
        if let Some(first) = bytes.first_chunk_mut() {
            *first = departure.to_be_bytes();
        }
        bytes
    }

    /// Reads what [`Self::encode`] made; `None` if it is something else.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (&[d_high, d_low, high, low, flags], data) = bytes.split_first_chunk::<HEAD>()?;
        (flags & !(BEGINS | ENDS) == 0 && !data.is_empty()).then_some(Self {
            departure: u16::from_be_bytes([d_high, d_low]),
            number: u16::from_be_bytes([high, low]),
            begins: flags & BEGINS != 0,
            ends: flags & ENDS != 0,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_cut_into_numbered_pieces_that_fit() {
        let pieces: Vec<_> = Piece::cut(b"hello", 0xffff, 7).collect();
        let bytes: Vec<_> = pieces.iter().map(Piece::encode).collect();
        assert_eq!(
            bytes,
            [
                b"\0\0\xff\xff\x01he".to_vec(),
                b"\0\0\x00\x00\x00ll".to_vec(),
                b"\0\0\x00\x01\x02o".to_vec()
            ]
        );
        for (piece, bytes) in pieces.iter().zip(&bytes) {
            assert_eq!(Piece::decode(bytes), Some(*piece));
        }
        let left = Piece::leaving(&bytes[0], 0x102);
        assert_eq!(left, b"\x01\x02\xff\xff\x01he");
        assert_eq!(
            Piece::decode(&left).map(|piece| piece.departure),
            Some(0x102)
        );
        let whole: Vec<_> = Piece::cut(b"!", 7, 1200).collect();
        assert!(whole.len() == 1 && whole[0].begins && whole[0].ends);
    }

    #[test]
    fn what_is_no_piece_is_refused() {
        for bytes in [
            &b""[..],
            b"\0\0\x00\x01",
            b"\0\0\x00\x01\x03",
            b"\0\0\x00\x01\x04x",
        ] {
            assert_eq!(Piece::decode(bytes), None, "{bytes:?}");
        }
    }
}
