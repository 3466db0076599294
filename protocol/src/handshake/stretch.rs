//! How hard it is to search for a password.

use argon2::{Algorithm, Argon2, Params, RECOMMENDED_SALT_LEN, Version};
use opaque_ke::{
    errors::InternalError,
    generic_array::{ArrayLength, GenericArray},
    ksf::Ksf,
};

/// Memory in KiB, passes and lanes of Argon2id: the second choice of
/// [RFC 9106 §4](https://www.rfc-editor.org/rfc/rfc9106#section-4). The expert's browser does it
/// once, on its only thread and in WASM, in a third of a second on an ordinary computer.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// OPAQUE's key stretching function.
///
/// Wherever a record is searched for its password, this is the cost of one guess. The salt is
/// fixed, as in RFC 9807: what is stretched comes out of an OPRF whose key is the record's own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Stretch {
    /// For links: their 128-bit secret is mixed into the password, so that a record cannot be
    /// searched without the link.
    #[default]
    None,
    /// For spoken invitations, which have the password alone.
    Argon2id,
}

impl Ksf for Stretch {
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        match self {
            Self::None => Ok(input),
            Self::Argon2id => {
                let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(L::USIZE))
                    .map_err(|_| InternalError::KsfError)?;
                let mut output = GenericArray::default();
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(&input, &[0; RECOMMENDED_SALT_LEN], &mut output)
                    .map_err(|_| InternalError::KsfError)?;
                Ok(output)
            }
        }
    }
}
