//! The ciphers of SRTP (RFC 3711, RFC 7714): AES in counter mode, and AES-GCM.

use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::aead::generic_array::typenum::{U12, U16};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::cipher::BlockEncrypt as _;
use aes_gcm::aes::{Aes128, Aes256};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use str0m_proto::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, SrtpProvider,
    SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

/// The length of a block, and of the tag behind what AES-GCM encrypts, in bytes.
const BLOCK: usize = 16;

/// All ciphers, and how their keys are derived.
#[derive(Debug)]
pub(super) struct Srtp;

impl SrtpProvider for Srtp {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Self
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Self
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Self
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let mut block = *GenericArray::from_slice(input);
        Aes128::new(GenericArray::from_slice(key)).encrypt_block(&mut block);
        output[..BLOCK].copy_from_slice(&block);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let mut block = *GenericArray::from_slice(input);
        Aes256::new(GenericArray::from_slice(key)).encrypt_block(&mut block);
        output[..BLOCK].copy_from_slice(&block);
    }
}

impl SupportedAes128CmSha1_80 for Srtp {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Counter { key })
    }
}

impl SupportedAeadAes128Gcm for Srtp {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Gcm(Aes128Gcm::new(&key.into())))
    }
}

impl SupportedAeadAes256Gcm for Srtp {
    fn create_cipher(&self, key: [u8; 32], _encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Gcm(Aes256Gcm::new(&key.into())))
    }
}

/// Counter mode; its tags are made elsewhere.
struct Counter {
    key: [u8; 16],
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Counter")
    }
}

impl Aes128CmSha1_80Cipher for Counter {
    fn encrypt(
        &mut self,
        iv: &[u8; 16],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        let output = room(output, input.len())?;
        let mut cipher = Ctr128BE::<Aes128>::new(&self.key.into(), iv.into());
        cipher
            .apply_keystream_b2b(input, output)
            .map_err(|error| CryptoError::Other(error.to_string()))
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 16],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        // The same both ways.
        self.encrypt(iv, input, output)
    }
}

/// AES-GCM with keys of either length.
struct Gcm<C>(C);

impl<C> std::fmt::Debug for Gcm<C> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Gcm")
    }
}

impl<C: AeadInPlace<NonceSize = U12, TagSize = U16>> Gcm<C> {
    fn seal(
        &self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        let (text, tag) = room(output, input.len() + BLOCK)?.split_at_mut(input.len());
        text.copy_from_slice(input);
        let made = self.0.encrypt_in_place_detached(iv.into(), aad, text);
        tag.copy_from_slice(&made.map_err(unfit)?);
        Ok(())
    }

    fn open(
        &self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        let Some((input, tag)) = input.split_last_chunk::<BLOCK>() else {
            return Err(CryptoError::Other("too short".to_owned()));
        };
        let joined;
        let aad = match aads {
            [aad] => aad,
            aads => {
                joined = aads.concat();
                joined.as_slice()
            }
        };
        let text = room(output, input.len())?;
        text.copy_from_slice(input);
        self.0
            .decrypt_in_place_detached(iv.into(), aad, text, tag.into())
            .map_err(unfit)?;
        Ok(input.len())
    }
}

/// The traits differ in name alone.
macro_rules! gcm {
    ($named:ident, $cipher:ty) => {
        impl $named for Gcm<$cipher> {
            fn encrypt(
                &mut self,
                iv: &[u8; 12],
                aad: &[u8],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<(), CryptoError> {
                self.seal(iv, aad, input, output)
            }

            fn decrypt(
                &mut self,
                iv: &[u8; 12],
                aads: &[&[u8]],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<usize, CryptoError> {
                self.open(iv, aads, input, output)
            }
        }
    };
}

gcm!(AeadAes128GcmCipher, Aes128Gcm);
gcm!(AeadAes256GcmCipher, Aes256Gcm);

fn room(output: &mut [u8], length: usize) -> Result<&mut [u8], CryptoError> {
    output
        .get_mut(..length)
        .ok_or_else(|| CryptoError::Other("no room".to_owned()))
}

fn unfit(error: aes_gcm::Error) -> CryptoError {
    CryptoError::Other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 §B.2: the key stream of counter mode.
    #[test]
    fn counter_mode_is_that_of_rfc_3711() {
        let key = 0x2B7E_1516_28AE_D2A6_ABF7_1588_09CF_4F3C_u128.to_be_bytes();
        let iv = 0xF0F1_F2F3_F4F5_F6F7_F8F9_FAFB_FCFD_0000_u128.to_be_bytes();
        let mut cipher = SupportedAes128CmSha1_80::create_cipher(&Srtp, key, true);
        let mut stream = [0; 40];
        cipher
            .encrypt(&iv, &[0; 32], &mut stream)
            .expect("encrypted");
        let first = 0xE03E_AD09_35C9_5E80_E166_B16D_D92B_4EB4_u128.to_be_bytes();
        let second = 0xD235_1316_2B02_D0F7_2A43_A2FE_4A5F_97AB_u128.to_be_bytes();
        assert_eq!(stream[..16], first);
        assert_eq!(stream[16..32], second);
        assert_eq!(stream[32..], [0; 8], "what is behind stays");
    }

    /// RFC 3711 §B.3: the first 16 bytes of the cipher key, from its input.
    #[test]
    fn keys_are_derived_as_in_rfc_3711() {
        let master = 0xE1F9_7A0D_3E01_8BE0_D64F_A32C_06DE_4139_u128.to_be_bytes();
        let input = 0x0EC6_75AD_498A_FEEB_B696_0B3A_ABE6_0000_u128.to_be_bytes();
        let mut output = [0; 32];
        Srtp.srtp_aes_128_ecb_round(&master, &input, &mut output);
        let key = 0xC61E_7A93_744F_39EE_1073_4AFE_3FF7_A087_u128.to_be_bytes();
        assert_eq!(output[..16], key);
    }

    #[test]
    fn what_was_changed_on_the_way_does_not_open() {
        let mut sealing = SupportedAeadAes128Gcm::create_cipher(&Srtp, [7; 16], true);
        let mut sealed = [0; 20 + BLOCK];
        let (iv, head) = ([1; 12], [2; 12]);
        sealing
            .encrypt(&iv, &head, &[3; 20], &mut sealed)
            .expect("sealed");
        let mut open = |head: &[&[u8]], sealed: &[u8]| {
            let mut text = [0; 40];
            let length = sealing.decrypt(&iv, head, sealed, &mut text);
            length.map(|length| text[..length].to_vec()).ok()
        };
        assert_eq!(open(&[&head], &sealed), Some(vec![3; 20]));
        assert_eq!(open(&[&head[..4], &head[4..]], &sealed), Some(vec![3; 20]));
        assert_eq!(open(&[&head[..4]], &sealed), None);
        assert_eq!(open(&[&head], &sealed[..BLOCK - 1]), None);
        let mut changed = sealed;
        changed[5] ^= 1;
        assert_eq!(open(&[&head], &changed), None);
    }

    /// Test case 13 of the paper that describes GCM: nothing is encrypted, and the tag is known.
    #[test]
    fn long_keys_seal_as_nist_does() {
        let mut cipher = SupportedAeadAes256Gcm::create_cipher(&Srtp, [0; 32], true);
        let mut sealed = [0; BLOCK];
        cipher
            .encrypt(&[0; 12], &[], &[], &mut sealed)
            .expect("sealed");
        let tag = 0x530F_8AFB_C745_36B9_A963_B4F1_C4CB_738B_u128.to_be_bytes();
        assert_eq!(sealed, tag);
    }
}
