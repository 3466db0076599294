//! How hard it is to search for a password.

use argon2::{Algorithm, Argon2, Params, RECOMMENDED_SALT_LEN, Version};
use opaque_ke::{
    errors::InternalError,
    generic_array::{ArrayLength, GenericArray},
    ksf::Ksf,
};

/// Memory in KiB, passes and lanes of Argon2id.
type Cost = (u32, u32, u32);
/// The second choice of [RFC 9106 §4](https://www.rfc-editor.org/rfc/rfc9106#section-4). The
/// expert's browser does it once, on its only thread and in WASM, in a third of a second on an
/// ordinary computer.
const SPOKEN: Cost = (64 * 1024, 3, 4);
/// A fifth of that: whoever searches needs the novice's store first.
const KEPT: Cost = (19 * 1024, 2, 1);

/// OPAQUE's key stretching function.
///
/// Wherever a record is searched for its password, this is the cost of one guess. The salt is
/// fixed, as in RFC 9807: what is stretched comes out of an OPRF whose key is the record's own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Stretch {
    /// For links without a password: there is nothing to search for but their 128-bit secret.
    #[default]
    None,
    /// For links with a password. Their secret is mixed into it, so that only somebody who has
    /// the record and the link can search: a thief of the novice's store, in which both lie.
    Kept,
    /// For spoken invitations, which have the password alone.
    Spoken,
}

impl Stretch {
    /// What a link's record is made with.
    pub(super) fn of_link(has_password: bool) -> Self {
        if has_password { Self::Kept } else { Self::None }
    }
}

impl Ksf for Stretch {
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        let (memory, passes, lanes) = match self {
            Self::None => return Ok(input),
            Self::Kept => KEPT,
            Self::Spoken => SPOKEN,
        };
        let params = Params::new(memory, passes, lanes, Some(L::USIZE))
            .map_err(|_| InternalError::KsfError)?;
        let mut output = GenericArray::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(&input, &[0; RECOMMENDED_SALT_LEN], &mut output)
            .map_err(|_| InternalError::KsfError)?;
        Ok(output)
    }
}
